import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { demoScript } from '../../../src/agent-webkit/agents/scripted/demo-script.js';
import { type ScriptedSession, startSession } from './scripted-session.js';

const WORDS = [
  'permission',
  'question',
  'form',
  'visit',
  'refusal',
  'hook',
  'tools',
  'subagent',
  'plan',
  'edit',
  'todo',
  'code',
  'picture',
  'long',
  'fail',
  'crash',
];

describe('the demo script', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('introduces itself, repeats the text and lists every keyword within two seconds', async () => {
    const session = startSession(demoScript);
    session.send('Good morning');
    await jest.advanceTimersByTimeAsync(2000);
    expect(told(session).at(-1)).toBe('result: success');
    const [answer] = told(session);
    expect(answer).toMatch(/scripted demo, not a model/);
    expect(answer).toMatch(/“Good morning”.* message 1 of/);
    for (const word of WORDS) expect(answer).toContain(word);
  });

  it('streams at a visible pace', async () => {
    const session = startSession(demoScript, { includePartialMessages: true });
    session.send('Hi');
    await jest.advanceTimersByTimeAsync(300);
    const chunks = session.story.filter((line) => line === '~content_block_delta');
    expect(chunks.length).toBeGreaterThanOrEqual(7);
    expect(chunks.length).toBeLessThanOrEqual(15);
  });

  it('explains every keyword when the user writes help', async () => {
    const [answer] = told(await play('Help, please!'));
    expect(answer).toMatch(/scripted demo, not a model/);
    for (const word of WORDS) expect(answer).toContain(`**${word}**`);
  });

  it.each([
    [{ behavior: 'allow' as const }, /^text: You allowed it. The command was: echo/],
    [
      { behavior: 'allow' as const, updatedInput: { command: 'ls' } },
      /^text: You allowed it. The command was: ls$/,
    ],
    [{ behavior: 'deny' as const, message: 'no' }, /^text: You denied it with the message: no$/],
  ])('reports the outcome of a permission that is answered by %j', async (answer, line) => {
    const session = await play('permission');
    session.asks[0]?.reply(answer);
    await jest.advanceTimersByTimeAsync(5000);
    expect(told(session).slice(-2)).toEqual([expect.stringMatching(line), 'result: success']);
  });

  it('repeats the answers to its questions', async () => {
    const session = await play('a question');
    const { input, reply } = session.asks[0]!;
    const answers = { 'Which color do you like best?': 'Red' };
    reply({ behavior: 'allow', updatedInput: { ...input, answers } });
    await jest.advanceTimersByTimeAsync(5000);
    expect(told(session).at(-2)).toBe('text: Thank you. Which color do you like best? Red.');
  });

  it('continues when a question is declined', async () => {
    const session = await play('question');
    session.asks[0]?.reply({ behavior: 'deny', message: 'no' });
    await jest.advanceTimersByTimeAsync(5000);
    expect(told(session).at(-2)).toBe('text: You declined to answer.');
  });

  it('uses two tools in one message, one of which fails', async () => {
    expect(told(await play('tools'))).toEqual([
      'text: I read two files in parallel. One of them is missing.',
      'tool: Read',
      'tool: Read',
      'tool gave: # A demo file',
      'tool failed: File does not exist: missing.md',
      expect.stringMatching(/^text: /),
      'result: success',
    ]);
  });

  it('delegates a task to a sub-agent', async () => {
    const session = await play('subagent');
    expect(told(session)).toContain('tool: Task');
    expect(told(session).at(-2)).toBe(
      'text: The sub-agent reports: There are two files, a.txt and b.txt.',
    );
  });

  it('asks for the approval of a plan, and keeps planning when it is sent back', async () => {
    const session = await play('plan');
    expect(session.asks[0]?.input).toEqual({ plan: expect.stringContaining('# Move the shop') });
    session.asks[0]?.reply({ behavior: 'deny', message: 'Smaller steps' });
    await jest.advanceTimersByTimeAsync(5000);
    expect(told(session).at(-2)).toBe('text: I keep planning. You wrote: Smaller steps');
  });

  it('asks before it edits a file and writes another one', async () => {
    const session = await play('edit');
    expect(session.asks[0]?.input).toMatchObject({ file_path: 'src/total.ts' });
    session.asks[0]?.reply({ behavior: 'allow' });
    await jest.advanceTimersByTimeAsync(5000);
    session.asks[1]?.reply({ behavior: 'deny', message: 'no' });
    await jest.advanceTimersByTimeAsync(5000);
    expect(told(session).at(-2)).toMatch(/^text: You allowed 1 of 2 changes/);
  });

  it('works through a list of steps, and shows code, a table and an image', async () => {
    const todo = told(await play('todo'));
    expect(todo.filter((line) => line === 'tool: TodoWrite')).toHaveLength(4);
    expect(told(await play('code'))[0]).toMatch(/```ts[^]*\| attempt \|/);
    expect(told(await play('picture'))).toContain('tool: Read');
  });

  it('writes long enough to be interrupted', async () => {
    const session = startSession(demoScript);
    session.send('long');
    await jest.advanceTimersByTimeAsync(20_000);
    await session.client.interrupt();
    expect(await session.result()).toMatchObject({ terminal_reason: 'aborted_streaming' });
    expect(jest.getTimerCount()).toBe(0);
  });

  it('fails or crashes on request, and reports a made-up cost', async () => {
    const failed = await play('fail');
    expect(await failed.result()).toMatchObject({ is_error: true, total_cost_usd: 0.001 });
    const crashed = await play('crash');
    expect(await crashed.ended).toMatchObject({ message: 'You asked the demo to crash.' });
  });
});

async function play(text: string): Promise<ScriptedSession> {
  const session = startSession(demoScript, { includePartialMessages: true });
  session.send(text);
  await jest.advanceTimersByTimeAsync(60_000);
  return session;
}

/** The story without stream events and without its first message. */
function told(session: ScriptedSession): string[] {
  return session.story.filter((line) => !line.startsWith('~')).slice(1);
}
