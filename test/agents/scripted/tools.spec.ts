import { describe, expect, it, jest } from '@jest/globals';
import type { PermissionMode } from '../../../src/agent-webkit/engine/agent-client.js';
import type { UserContent } from '../../../src/agent-webkit/protocol/events.js';
import type { Script, ToolOutcome } from '../../../src/agent-webkit/agents/scripted/script.js';
import { startSession } from './scripted-session.js';

/** A script that calls one tool and records the outcome. */
const delegated: Script = (turn) =>
  turn
    .subAgent('List', async (agent) => void (await agent.useTool('Bash', {})))
    .then(() => undefined);

const isBash = (tool: string) => tool === 'Bash';

function oneTool(options?: { ask?: boolean; run?: () => string }) {
  const outcomes: ToolOutcome[] = [];
  const script: Script = async (turn) => {
    outcomes.push(await turn.useTool('Bash', { command: 'ls' }, options));
    await turn.say('Next.');
  };
  return { script, outcomes };
}

/** A script that asks one question and writes the answers. */
const askColor: Script = async (turn) => {
  const answers = await turn.ask([
    { question: 'Color?', options: [{ label: 'Red' }, { label: 'Blue' }] },
  ]);
  await turn.say(JSON.stringify(answers));
};

function failToRead(): never {
  throw new RangeError('No such file.');
}

describe('a tool of a scripted agent', () => {
  it('runs with the requested input when it is allowed', async () => {
    const { script, outcomes } = oneTool({ run: () => 'a.txt' });
    const session = startSession(script);
    session.send();
    const ask = await session.asked();
    expect(ask).toMatchObject({ toolName: 'Bash', input: { command: 'ls' } });
    expect(ask.context).toMatchObject({
      toolUseID: expect.stringMatching(/^toolu_/),
      displayName: 'Bash',
    });
    expect(ask.context.agentID).toBeUndefined();
    ask.reply({ behavior: 'allow' });
    await session.result();
    expect(session.story.slice(1)).toEqual([
      'tool: Bash',
      'tool gave: a.txt',
      'text: Next.',
      'result: success',
    ]);
    expect(outcomes).toEqual([
      { allowed: true, input: { command: 'ls' }, output: 'a.txt', isError: false },
    ]);
  });

  it('is reported to the session before its permission is requested', async () => {
    const session = startSession(oneTool().script);
    session.send();
    await session.asked();
    expect(session.story).toEqual(['init', 'tool: Bash']);
    await session.client.close(0);
  });

  it('passes the context of the script to the permission request', async () => {
    const suggestions = [{ type: 'setMode', mode: 'acceptEdits', destination: 'session' } as const];
    const session = startSession(async (turn) => {
      await turn.useTool('Bash', {}, { context: { title: 'May I?', suggestions } });
    });
    session.send();
    const ask = await session.asked();
    expect(ask.context).toMatchObject({ title: 'May I?', displayName: 'Bash', suggestions });
    await session.client.close(0);
  });

  it('runs with the input that a person edited', async () => {
    const run = jest.fn((input: { command: string }) => `ran ${input.command}`);
    const outcomes: unknown[] = [];
    const session = startSession(async (turn) => {
      outcomes.push(await turn.useTool('Bash', { command: 'rm' }, { run }));
    });
    session.send();
    const ask = await session.asked();
    ask.reply({ behavior: 'allow', updatedInput: { command: 'ls' } });
    await session.result();
    expect(run).toHaveBeenCalledWith({ command: 'ls' });
    expect(outcomes).toMatchObject([{ input: { command: 'ls' }, output: 'ran ls' }]);
  });

  it('does not run when it is denied, and the script continues', async () => {
    const run = jest.fn(() => 'no');
    const { script, outcomes } = oneTool({ run });
    const session = startSession(script);
    session.send();
    (await session.asked()).reply({ behavior: 'deny', message: 'Not today.' });
    await session.result();
    expect(session.story.slice(2)).toEqual([
      'tool failed: Not today.',
      'text: Next.',
      'result: success',
    ]);
    expect(outcomes).toEqual([{ allowed: false, message: 'Not today.' }]);
    expect(run).not.toHaveBeenCalled();
  });

  it('ends the turn when it is denied with an interrupt', async () => {
    const { script, outcomes } = oneTool();
    const session = startSession(script);
    session.send();
    (await session.asked()).reply({ behavior: 'deny', message: 'Stop.', interrupt: true });
    expect(await session.result()).toMatchObject({
      is_error: true,
      terminal_reason: 'aborted_tools',
    });
    expect(session.story.slice(2)).toEqual([
      expect.stringMatching(/^tool failed: The user doesn't want to proceed/),
      'user: [Request interrupted by user for tool use]',
      'result: error_during_execution',
    ]);
    expect(outcomes).toEqual([]);
  });

  it('reports a failed result with the error message when it throws', async () => {
    const outcomes: unknown[] = [];
    const session = startSession(async (turn) => {
      outcomes.push(await turn.useTool('Read', {}, { ask: false, run: failToRead }));
    });
    expect(await session.turn()).toMatchObject({ subtype: 'success' });
    expect(session.story).toContain('tool failed: No such file.');
    expect(outcomes).toMatchObject([{ allowed: true, isError: true, output: 'No such file.' }]);
  });

  it('may return blocks, and the script receives their text', async () => {
    const image = { type: 'base64', media_type: 'image/png', data: 'AA==' } as const;
    const content: UserContent = [
      { type: 'text', text: 'A picture' },
      { type: 'image', source: image },
    ];
    const session = startSession(async (turn) => {
      const shown = await turn.useTool('Read', {}, { ask: false, run: () => content });
      await turn.say(shown.allowed ? shown.output : '');
    });
    expect(await session.turn()).toMatchObject({ result: 'A picture' });
    expect(session.messages.find(({ type }) => type === 'user')).toMatchObject({
      message: { content: [{ type: 'tool_result', content }] },
    });
  });

  it('needs no permission when the script sets ask to false', async () => {
    const session = startSession(oneTool({ ask: false }).script);
    await session.turn();
    expect(session.asks).toEqual([]);
    expect(session.story).toContain('tool gave: ');
  });

  it('fails the turn when the permission request fails', async () => {
    const session = startSession(oneTool().script, {
      canUseTool: async () => {
        throw new RangeError('Asking failed.');
      },
    });
    expect(await session.turn()).toMatchObject({
      is_error: true,
      errors: ['Asking failed.'],
    });
    expect(session.story.at(-2)).toMatch(/^tool failed/);
  });

  it.each<[PermissionMode, string, string]>([
    ['bypassPermissions', 'Bash', 'tool gave: done'],
    ['acceptEdits', 'Write', 'tool gave: done'],
    ['dontAsk', 'Bash', "tool failed: The permission mode 'dontAsk' denies Bash without asking."],
  ])(
    'is allowed or denied by the mode %s without a request: %s',
    async (permissionMode, tool, line) => {
      const session = startSession(
        async (turn) => {
          await turn.useTool(tool, {}, { run: () => 'done' });
        },
        { permissionMode },
      );
      await session.turn();
      expect(session.story).toContain(line);
      expect(session.asks).toEqual([]);
    },
  );

  it.each<[PermissionMode]>([['bypassPermissions'], ['acceptEdits'], ['dontAsk']])(
    'is asked for in the mode %s, too, when its tool is durable',
    async (permissionMode) => {
      const session = startSession(oneTool().script, { permissionMode, alwaysAsks: isBash });
      session.send();
      (await session.asked()).reply({ behavior: 'allow' });
      expect(await session.result()).toMatchObject({ subtype: 'success' });
    },
  );

  it('is asked for when a sub-agent uses a durable tool', async () => {
    const start = { permissionMode: 'bypassPermissions', alwaysAsks: isBash } as const;
    const session = startSession(delegated, start);
    session.send();
    const { context, reply } = await session.asked();
    expect(context).not.toHaveProperty('stored');
    reply({ behavior: 'allow' });
    expect(await session.result()).toMatchObject({ subtype: 'success' });
  });

  it.each<[PermissionMode]>([['default'], ['acceptEdits'], ['plan'], ['auto']])(
    'waits for a decision in the permission mode %s',
    async (permissionMode) => {
      const session = startSession(oneTool().script, { permissionMode });
      session.send();
      (await session.asked()).reply({ behavior: 'allow' });
      expect(await session.result()).toMatchObject({ subtype: 'success' });
    },
  );
});

describe('a question of a scripted agent', () => {
  it('has the format of the SDK and returns the answers to the script', async () => {
    const session = startSession(askColor);
    session.send();
    const { toolName, input, reply } = await session.asked();
    expect(toolName).toBe('AskUserQuestion');
    expect(input).toEqual({
      questions: [
        {
          question: 'Color?',
          header: 'Question',
          multiSelect: false,
          options: [
            { label: 'Red', description: '' },
            { label: 'Blue', description: '' },
          ],
        },
      ],
    });
    reply({ behavior: 'allow', updatedInput: { ...input, answers: { 'Color?': 'Red' } } });
    expect(await session.result()).toMatchObject({ result: '{"Color?":"Red"}' });
    expect(session.story).toContain(
      'tool gave: Your questions have been answered: "Color?"="Red". You can now continue with these answers in mind.',
    );
  });

  it('returns null when it is declined', async () => {
    const session = startSession(askColor);
    session.send();
    (await session.asked()).reply({ behavior: 'deny', message: 'No.' });
    expect(await session.result()).toMatchObject({ subtype: 'success', result: 'null' });
  });

  it('returns an empty object when it is allowed without answers', async () => {
    const session = startSession(askColor);
    session.send();
    (await session.asked()).reply({ behavior: 'allow' });
    expect(await session.result()).toMatchObject({ result: '{}' });
  });

  it.each<[PermissionMode]>([['bypassPermissions'], ['dontAsk']])(
    'is asked in the permission mode %s, too',
    async (permissionMode) => {
      const session = startSession(askColor, { permissionMode });
      session.send();
      expect(await session.asked()).toMatchObject({ toolName: 'AskUserQuestion' });
      await session.client.close(0);
    },
  );
});
