import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type {
  Script,
  ScriptedMessage,
  ScriptedTurn,
} from '../../../src/agent-webkit/agents/scripted/script.js';
import { type ScriptedSession, startSession } from './scripted-session.js';

interface Place {
  script: Script;
  /** The messages that an interrupt adds to the story of the turn. */
  interrupted: unknown[];
  reason: 'aborted_streaming' | 'aborted_tools';
}

const TOOL_FAILED = expect.stringMatching(/^tool failed: The user doesn't want to proceed/);
const INTERRUPTED = 'user: [Request interrupted by user]';
const INTERRUPTED_IN_TOOL = 'user: [Request interrupted by user for tool use]';
const FAILED = 'result: error_during_execution';
const never = () => new Promise<never>(() => undefined);

const slowly = (message: ScriptedMessage) => message.say(['One', ' two'], { paceMs: 100 });
const askColor = (turn: ScriptedTurn) =>
  turn.ask([{ question: 'Color?', options: [{ label: 'Red' }] }]).then(() => undefined);
const runForever = (message: ScriptedMessage) =>
  message.useTool('Bash', {}, { ask: false, run: never }).then(() => undefined);
const askForTool = (message: ScriptedMessage) => message.useTool('Bash', {}).then(() => undefined);

/** Every place in which a script can wait, reached within 150 ms. */
const places: Record<string, Place> = {
  'a text at a pace': {
    script: slowly,
    interrupted: ['text: One (aborted)', INTERRUPTED, FAILED],
    reason: 'aborted_streaming',
  },
  'a grouped message': {
    script: (turn) => turn.message(slowly),
    interrupted: ['text: One (aborted)', INTERRUPTED, FAILED],
    reason: 'aborted_streaming',
  },
  'a pause': {
    script: (turn) => turn.pause(60_000),
    interrupted: [INTERRUPTED, FAILED],
    reason: 'aborted_streaming',
  },
  'a turn that hangs': {
    script: (turn) => turn.hang(),
    interrupted: [INTERRUPTED, FAILED],
    reason: 'aborted_streaming',
  },
  'a permission': {
    script: askForTool,
    interrupted: [TOOL_FAILED, INTERRUPTED_IN_TOOL, FAILED],
    reason: 'aborted_tools',
  },
  'a running tool': {
    script: runForever,
    interrupted: [TOOL_FAILED, INTERRUPTED_IN_TOOL, FAILED],
    reason: 'aborted_tools',
  },
  'a question': {
    script: askColor,
    interrupted: [TOOL_FAILED, INTERRUPTED_IN_TOOL, FAILED],
    reason: 'aborted_tools',
  },
  "a sub-agent's text": {
    script: (turn) => turn.subAgent('Talk', slowly).then(() => undefined),
    interrupted: ['text: One (aborted)', TOOL_FAILED, INTERRUPTED_IN_TOOL, FAILED],
    reason: 'aborted_tools',
  },
  "a sub-agent's permission": {
    script: (turn) => turn.subAgent('Work', askForTool).then(() => undefined),
    interrupted: [TOOL_FAILED, TOOL_FAILED, INTERRUPTED_IN_TOOL, FAILED],
    reason: 'aborted_tools',
  },
  'two tools at once': {
    script: (turn) => Promise.all([askForTool(turn), runForever(turn)]).then(() => undefined),
    interrupted: [TOOL_FAILED, TOOL_FAILED, INTERRUPTED_IN_TOOL, FAILED],
    reason: 'aborted_tools',
  },
  'a promise that ignores the end of the turn': {
    script: never,
    interrupted: [INTERRUPTED, FAILED],
    reason: 'aborted_streaming',
  },
};

/** Starts a turn and lets it run to the place where it waits. */
async function waitIn({ script }: Place, rejections: unknown[] = []): Promise<ScriptedSession> {
  const session = startSession(
    async (turn) => {
      if (turn.turnNumber > 1) return turn.say('I go on.');
      try {
        await script(turn);
      } catch (error) {
        rejections.push(error);
        throw error;
      }
    },
    { includePartialMessages: true },
  );
  session.send();
  await jest.advanceTimersByTimeAsync(150);
  return session;
}

/** Numbers of ticks: an interrupt may come between any two steps of a chain of promises. */
const MOMENTS = [0, 1, 2, 3, 4, 5, 6];

async function moments(count: number): Promise<void> {
  for (let moment = 0; moment < count; moment += 1) await Promise.resolve();
}

describe('a scripted turn', () => {
  const unhandled = jest.fn();

  beforeEach(() => {
    jest.useFakeTimers();
    process.on('unhandledRejection', unhandled);
  });

  afterEach(async () => {
    jest.useRealTimers();
    // Node reports unhandled rejections after the promises of a macrotask have settled.
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  describe.each(Object.entries(places))('that waits in %s', (_name, place) => {
    it('ends when it is interrupted, and the next turn runs', async () => {
      const rejections: unknown[] = [];
      const session = await waitIn(place, rejections);
      const before = session.story.length;
      await session.client.interrupt();
      expect(await session.result()).toMatchObject({
        is_error: true,
        errors: [],
        terminal_reason: place.reason,
      });
      await jest.advanceTimersByTimeAsync(1000);
      expect(session.story.slice(before)).toEqual(place.interrupted);
      expect(rejections).toMatchObject(place.script === never ? [] : [{ name: 'AbortError' }]);
      expect(jest.getTimerCount()).toBe(0);
      expect(await session.turn()).toMatchObject({ subtype: 'success', result: 'I go on.' });
    });

    it('ends when the agent is closed, and leaves no timer and no pending request', async () => {
      const session = await waitIn(place);
      const before = session.story.length;
      await session.client.close(0);
      expect(jest.getTimerCount()).toBe(0);
      expect(await session.ended).toBeNull();
      expect(session.story).toHaveLength(before);
      for (const { context } of session.asks) expect(context.signal.aborted).toBe(true);
    });
  });

  it.each(MOMENTS)(
    'leaves no timer when the agent is closed %i ticks after a chunk',
    async (count) => {
      const session = startSession(slowly);
      session.send();
      jest.advanceTimersByTime(100);
      await moments(count);
      await session.client.close(0);
      await moments(20);
      expect(jest.getTimerCount()).toBe(0);
    },
  );

  it('reports no text when the interrupt comes before the first chunk', async () => {
    const session = startSession(slowly);
    session.send();
    await session.client.interrupt();
    await session.result();
    expect(session.story).toEqual(['init', INTERRUPTED, FAILED]);
  });

  it.each(MOMENTS)(
    'prevents a tool from running when the interrupt comes %i ticks after the permission',
    async (count) => {
      const events: string[] = [];
      const session = startSession(async (turn) => {
        await turn.useTool('Bash', {}, { run: () => `${events.push('run')}` });
      });
      session.send();
      (await session.asked()).reply({ behavior: 'allow' });
      await moments(count);
      await session.client.interrupt();
      events.push('interrupted');
      await moments(20);
      expect(events.at(-1)).toBe('interrupted');
    },
  );

  it('cancels a permission request before it reports the result', async () => {
    const session = await waitIn(places['a permission']!);
    const { context, reply } = session.asks[0]!;
    const before = session.story.length;
    const atAbort = new Promise<number>((resolve) => {
      context.signal.addEventListener('abort', () => resolve(session.story.length));
    });
    await session.client.interrupt();
    expect(await atAbort).toBe(before);
    await session.result();
    reply({ behavior: 'allow' });
    expect(await session.turn()).toMatchObject({ result: 'I go on.' });
    expect(session.story.filter((line) => line.startsWith('tool gave'))).toEqual([]);
  });

  it('ends even if the script catches the interrupt', async () => {
    const caught: unknown[] = [];
    const session = startSession(async (turn) => {
      await turn.hang().catch((error: unknown) => caught.push(error));
      await turn.say('I pay no heed.').catch((error: unknown) => caught.push(error));
    });
    session.send();
    await session.client.interrupt();
    expect(await session.result()).toMatchObject({ subtype: 'error_during_execution' });
    expect(caught).toMatchObject([{ name: 'AbortError' }, { name: 'AbortError' }]);
    expect(session.story).toEqual(['init', INTERRUPTED, FAILED]);
  });

  it('is not affected by an interrupt between turns', async () => {
    const session = startSession((turn) => turn.say('Hello.'));
    await session.client.interrupt();
    await session.turn();
    await session.client.interrupt();
    await session.turn();
    expect(session.story.filter((line) => line.startsWith('result'))).toEqual([
      'result: success',
      'result: success',
    ]);
  });

  it('aborts the signal of the script when it is interrupted', async () => {
    const signals: AbortSignal[] = [];
    const session = startSession((turn) => {
      signals.push(turn.signal);
      return turn.hang();
    });
    session.send();
    expect(signals[0]?.aborted).toBe(false);
    await session.client.interrupt();
    expect(signals[0]?.aborted).toBe(true);
  });

  it('fails with the given message when the script calls fail', async () => {
    const after = jest.fn();
    const session = startSession(async (turn) => {
      await turn.say('Trying.');
      if (turn.turnNumber === 1) turn.fail('The model is overloaded.');
      after();
    });
    expect(await session.turn()).toMatchObject({
      subtype: 'error_during_execution',
      is_error: true,
      errors: ['The model is overloaded.'],
    });
    expect(after).not.toHaveBeenCalled();
    expect(session.story).toEqual(['init', 'text: Trying.', FAILED]);
    expect(await session.turn()).toMatchObject({ subtype: 'success' });
  });

  it.each<[string, Script]>([
    [
      'at once',
      () => {
        throw new RangeError('Broken.');
      },
    ],
    [
      'later',
      async (turn) => {
        await turn.say('a');
        throw new RangeError('Broken.');
      },
    ],
    [
      'in a group',
      (turn) =>
        turn.message(async () => {
          throw new RangeError('Broken.');
        }),
    ],
  ])('fails with the error that the script throws %s', async (_when, script) => {
    const session = startSession(script);
    expect(await session.turn()).toMatchObject({ is_error: true, errors: ['Broken.'] });
  });

  it('fails when the script of a sub-agent throws, and the tool call fails with it', async () => {
    const session = startSession(async (turn) => {
      await turn.subAgent('Break', async () => {
        throw new RangeError('Broken.');
      });
    });
    expect(await session.turn()).toMatchObject({ is_error: true, errors: ['Broken.'] });
    expect(session.story).toContain('tool failed: Broken.');
  });

  it('fails when the script does not await a step', async () => {
    const session = startSession((turn) => {
      void turn.say('One two', { paceMs: 10 });
    });
    expect(await session.turn()).toMatchObject({
      is_error: true,
      errors: ['The script returned while a step was running. Await every step.'],
    });
    expect(jest.getTimerCount()).toBe(0);
  });

  it('causes no unhandled rejection in an interrupted step that is not awaited', async () => {
    const session = startSession(async (turn) => {
      void turn.pause(1000);
      await turn.hang();
    });
    session.send();
    await session.client.interrupt();
    expect(await session.result()).toMatchObject({ terminal_reason: 'aborted_streaming' });
  });

  it('ends the messages of its agent with an error when the script crashes it', async () => {
    const turns: number[] = [];
    const session = startSession(async (turn) => {
      turns.push(turn.turnNumber);
      await turn.say('I die.');
      await turn.subAgent('Die', async () => turn.crash('Killed by signal 9.'));
    });
    session.send();
    expect(await session.ended).toMatchObject({ message: 'Killed by signal 9.' });
    expect(session.story).toEqual(['init', 'text: I die.', 'tool: Task', 'user: Die']);
    session.send('Are you there?');
    await session.client.interrupt();
    await session.client.close(0);
    expect(session.story).toHaveLength(4);
    expect(turns).toEqual([1]);
  });

  it('does not begin in a closed agent, which ignores further calls and a second close', async () => {
    const turns: number[] = [];
    const session = startSession((turn) => {
      turns.push(turn.turnNumber);
      return turn.say('Hello.');
    });
    await session.turn();
    await session.client.close(0);
    await session.client.close(0);
    await session.client.interrupt();
    session.send();
    expect(await session.ended).toBeNull();
    expect(session.story.at(-1)).toBe('result: success');
    expect(session.story).toHaveLength(3);
    expect(turns).toEqual([1]);
  });

  it('does not begin when its agent is closed first, and the messages end', async () => {
    const session = startSession((turn) => turn.say('Hello.'));
    await session.client.close(0);
    expect(await session.ended).toBeNull();
    expect(session.messages).toEqual([]);
  });

  it('rejects a second message while it is running', async () => {
    const session = startSession((turn) => turn.hang());
    session.send();
    expect(() => session.send()).toThrow('while a turn is running');
    await session.client.close(0);
  });
});
