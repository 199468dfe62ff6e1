import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { SDKMessage } from '../../../src/agent-webkit/engine/agent-client.js';
import { MessageTranslator } from '../../../src/agent-webkit/engine/agent/translation/message-translator.js';
import { type ScriptedSession, startSession } from './scripted-session.js';

type Assistant = Extract<SDKMessage, { type: 'assistant' }>;

const assistants = (session: ScriptedSession) =>
  session.messages.filter((message): message is Assistant => message.type === 'assistant');

describe('the messages of a scripted agent', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  it('begin a turn with init and end it with a result', async () => {
    const session = startSession((turn) => turn.say('Hello.'), { model: 'claude-x' });
    const result = await session.turn();
    expect(session.story).toEqual(['init', 'text: Hello.', 'result: success']);
    expect(session.messages[0]).toMatchObject({
      model: 'claude-x',
      cwd: '/work',
      permissionMode: 'default',
      session_id: session.id,
    });
    expect(result).toMatchObject({
      is_error: false,
      result: 'Hello.',
      num_turns: 1,
      total_cost_usd: 0,
      duration_ms: expect.any(Number),
      usage: { input_tokens: 1, output_tokens: 2 },
      session_id: session.id,
    });
  });

  it('consist of init and result when the script does nothing', async () => {
    const session = startSession(() => undefined);
    expect(await session.turn()).toMatchObject({ subtype: 'success', result: '', num_turns: 1 });
    expect(session.story).toEqual(['init', 'result: success']);
  });

  it('stream a string word by word without losing any of it', async () => {
    const session = startSession((turn) => turn.say(' One two\n three '), {
      includePartialMessages: true,
    });
    await session.turn();
    expect(session.story).toEqual([
      'init',
      '~message_start',
      '~content_block_start',
      '~content_block_delta',
      '~content_block_delta',
      '~content_block_delta',
      'text:  One two\n three ',
      '~content_block_stop',
      '~message_delta',
      '~message_stop',
      'result: success',
    ]);
    expect(deltas(session)).toEqual([' One ', 'two\n ', 'three ']);
  });

  it('stream an array chunk by chunk', async () => {
    const session = startSession((turn) => turn.say(['One', ' two', '']), {
      includePartialMessages: true,
    });
    await session.turn();
    expect(deltas(session)).toEqual(['One', ' two', '']);
  });

  it('include no stream events when the session does not request them', async () => {
    const session = startSession(async (turn) => {
      await turn.say('One two');
      await turn.useTool('Read', {}, { ask: false });
    });
    await session.turn();
    expect(session.messages.map(({ type }) => type)).not.toContain('stream_event');
  });

  it('wait for the configured pace before each chunk', async () => {
    jest.useFakeTimers();
    const session = startSession((turn) => turn.say('One two', { paceMs: 30 }), {
      includePartialMessages: true,
    });
    session.send();
    await jest.advanceTimersByTimeAsync(29);
    expect(deltas(session)).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(deltas(session)).toEqual(['One ']);
    await jest.advanceTimersByTimeAsync(30);
    expect(session.story.at(-1)).toBe('result: success');
    expect(jest.getTimerCount()).toBe(0);
  });

  it('use no timer without a pace', async () => {
    jest.useFakeTimers();
    const session = startSession((turn) => turn.say('One two three'));
    await session.turn();
    expect(session.story.at(-1)).toBe('result: success');
  });

  it('pause for the given duration', async () => {
    jest.useFakeTimers();
    const session = startSession((turn) => turn.pause(500));
    session.send();
    await jest.advanceTimersByTimeAsync(499);
    expect(session.story).toEqual(['init']);
    await jest.advanceTimersByTimeAsync(1);
    expect(session.story).toEqual(['init', 'result: success']);
  });

  it('are one message per step', async () => {
    const session = startSession(async (turn) => {
      await turn.say('One.');
      await turn.say('Two.');
    });
    expect(await session.turn()).toMatchObject({ num_turns: 2, result: 'Two.' });
    const [one, two] = assistants(session);
    expect(one?.message.id).toMatch(/^msg_/);
    expect(two?.message.id).not.toBe(one?.message.id);
  });

  it('share one id when several blocks are grouped', async () => {
    const session = startSession(
      async (turn) => {
        const outcomes = await turn.message(async (message) => {
          await message.say('I read both.');
          return Promise.all([
            message.useTool('Read', { file: 'a' }, { ask: false, run: () => 'A' }),
            message.useTool('Read', { file: 'b' }, { ask: false, run: () => 'B' }),
          ]);
        });
        await turn.say(outcomes.map((outcome) => outcome.allowed && outcome.output).join(' '));
      },
      { includePartialMessages: true },
    );
    expect(await session.turn()).toMatchObject({ num_turns: 2, result: 'A B' });
    const ids = assistants(session).map(({ message }) => message.id);
    expect(new Set(ids.slice(0, 3)).size).toBe(1);
    expect(ids[3]).not.toBe(ids[0]);
    expect(session.story.filter((line) => !line.startsWith('~'))).toEqual([
      'init',
      'text: I read both.',
      'tool: Read',
      'tool: Read',
      'tool gave: A',
      'tool gave: B',
      'text: A B',
      'result: success',
    ]);
    expect(session.story.filter((line) => line === '~message_start')).toHaveLength(2);
    const indexes = session.messages.flatMap((message) =>
      message.type === 'stream_event' && message.event.type === 'content_block_start'
        ? [message.event.index]
        : [],
    );
    expect(indexes).toEqual([0, 1, 2, 0]);
  });

  it('omit a message without blocks', async () => {
    const session = startSession((turn) => turn.message(async () => undefined), {
      includePartialMessages: true,
    });
    await session.turn();
    expect(session.story).toEqual(['init', 'result: success']);
  });

  it('fail the turn when a message is started while another one is being written', async () => {
    const session = startSession((turn) => turn.message(() => turn.say('Not so.')));
    expect(await session.turn()).toMatchObject({
      subtype: 'error_during_execution',
      errors: [expect.stringMatching(/while another one was being written/)],
    });
  });

  it('of a sub-agent carry the id of its tool call, whose output is the last text', async () => {
    const session = startSession(async (turn) => {
      const report = await turn.subAgent('Count', async (sub) => {
        await sub.say('I count.');
        await sub.useTool('Glob', {}, { run: () => 'a b' });
        await sub.message((message) => message.say('Two.'));
      });
      await turn.say(`It says: ${report}`);
    });
    session.send();
    const ask = await session.asked();
    expect(ask.context.agentID).toMatch(/^agent_/);
    ask.reply({ behavior: 'allow' });
    expect(await session.result()).toMatchObject({ result: 'It says: Two.', num_turns: 2 });
    expect(session.story).toEqual([
      'init',
      'tool: Task',
      'user: Count',
      'text: I count.',
      'tool: Glob',
      'tool gave: a b',
      'text: Two.',
      'tool gave: Two.',
      'text: It says: Two.',
      'result: success',
    ]);
    const [task] = assistants(session)[0]!.message.content;
    const parents = session.messages.slice(1, -1).map((message) => {
      return 'parent_tool_use_id' in message ? message.parent_tool_use_id : undefined;
    });
    const taskId = task?.type === 'tool_use' ? task.id : '';
    expect(taskId).toMatch(/^toolu_/);
    expect(parents).toEqual([null, taskId, taskId, taskId, taskId, taskId, null, null]);
  });

  it('may come from sub-agents that run in parallel', async () => {
    const session = startSession(async (turn) => {
      const reports = await Promise.all(
        ['One', 'Two'].map((name) =>
          turn.subAgent(name, async (sub) => {
            await sub.useTool('Read', {});
            await sub.say(name);
          }),
        ),
      );
      await turn.say(reports.join(', '));
    });
    session.send();
    const asks = [await session.asked(), await session.asked()];
    for (const ask of asks.toReversed()) ask.reply({ behavior: 'allow' });
    expect(await session.result()).toMatchObject({ subtype: 'success', result: 'One, Two' });
  });

  it('are translated into the same events as those of the real agent', async () => {
    const session = startSession(
      async (turn) => {
        await turn.message(async (message) => {
          await message.say('I look.');
          await message.useTool('Bash', { command: 'ls' }, { ask: false, run: () => 'a.txt' });
        });
        await turn.subAgent('Look again', (sub) => sub.say('Found it.'));
      },
      { includePartialMessages: true },
    );
    await session.turn();
    const translator = new MessageTranslator(session.id, 0);
    const events = session.messages.flatMap((message) => translator.translate(message));
    expect(
      events.map(({ event, data }) => ('parent_tool_use_id' in data ? `sub ${event}` : event)),
    ).toEqual([
      'message_delta',
      'message_delta',
      'message_complete',
      'message_delta',
      'message_delta',
      'message_complete',
      'tool_use',
      'tool_result',
      'message_delta',
      'message_delta',
      'message_complete',
      'tool_use',
      'sub message_delta',
      'sub message_delta',
      'sub message_complete',
      'tool_result',
      'result',
    ]);
    expect(events[5]?.data).toMatchObject({
      message: {
        content: [
          { type: 'text', text: 'I look.' },
          { type: 'tool_use', name: 'Bash' },
        ],
      },
    });
  });
});

function deltas(session: ScriptedSession): string[] {
  return session.messages.flatMap((message) =>
    message.type === 'stream_event' &&
    message.event.type === 'content_block_delta' &&
    message.event.delta.type === 'text_delta'
      ? [message.event.delta.text]
      : [],
  );
}
