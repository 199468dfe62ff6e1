import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TransportError } from '@agent-webkit/core';
import { ADAPTERS } from '../../support/start-app.js';
import { ClaudeApp } from './claude-app.js';
import { QUESTIONS } from './model.js';
import type { Tab } from './tab.js';

describe.each(ADAPTERS)('Requests of the real agent on %s', (adapter) => {
  let app: ClaudeApp;
  let id: string;
  let tab: Tab;
  beforeAll(async () => {
    app = await ClaudeApp.start(adapter);
    ({ id } = await app.open());
  });
  beforeEach(async () => {
    if ((await app.server.info(id))['state'] !== 'idle') ({ id } = await app.open());
    // Each test has its own tab, which has read all earlier events.
    tab = app.attach(id, Number((await app.server.info(id))['last_id']));
  });
  afterAll(async () => {
    expect(await app.close()).toEqual([]);
  });

  const isMade = (name: string) => app.isMade(name);

  it('run an allowed tool with its original input', async () => {
    await tab.session.send('bash touch allowed && ls');
    const request = await tab.next('permission_request');
    expect(request).toMatchObject({
      correlation_id: expect.stringMatching(/^toolu_/),
      tool_name: 'Bash',
      input: { command: 'touch allowed && ls' },
      context: { tool_use_id: request['correlation_id'], suggestions: expect.any(Array) },
    });
    expect(await app.server.info(id)).toMatchObject({
      state: 'awaiting',
      pending: [{ event: 'permission_request', ...request }],
    });
    expect(isMade('allowed')).toBe(false);
    await tab.session.approve(String(request['correlation_id']));

    expect(await tab.next('tool_result')).toMatchObject({
      tool_use_id: request['correlation_id'],
      output: expect.stringContaining('allowed'),
      is_error: false,
    });
    await tab.next('result');
    expect(tab.names().filter((name) => name !== 'message_delta')).toEqual([
      'user_message',
      'turn_start',
      'message_complete',
      'message_complete',
      'tool_use',
      'permission_request',
      'request_resolved',
      'tool_result',
      'message_complete',
      'result',
    ]);
    expect(tab.said()).toEqual(['I run it.', 'I run it.<tool_use>', 'done']);
    expect(tab.all('request_resolved')).toMatchObject([{ kind: 'permission', outcome: 'allowed' }]);
    expect(await app.server.info(id)).toMatchObject({ state: 'idle', pending: [] });
  });

  it('run an allowed tool with the input that the user has changed', async () => {
    await tab.session.send('bash touch original');
    const updatedInput = { command: 'touch edited && ls', description: 'test' };
    await tab.session.approve(await tab.asked(), { updatedInput });

    expect((await tab.next('tool_result'))['output']).toContain('edited');
    await tab.next('result');
    expect(isMade('edited')).toBe(true);
    expect(isMade('original')).toBe(false);
  });

  it('pass the reason of a denial to the model, and the turn continues', async () => {
    await tab.session.send('bash touch denied');
    await tab.session.deny(await tab.asked(), { message: 'not on a Sunday' });

    expect(await tab.next('tool_result')).toMatchObject({ is_error: true });
    expect(await tab.next('result')).toMatchObject({ subtype: 'success' });
    expect(JSON.stringify(app.asked('bash touch denied').at(-1)?.toolResults)).toContain(
      'not on a Sunday',
    );
    expect(tab.all('request_resolved')).toMatchObject([{ outcome: 'denied' }]);
    expect(tab.said().at(-1)).toBe('done');
    expect(isMade('denied')).toBe(false);
  });

  it('can be denied without a message', async () => {
    await tab.session.send('bash touch silently');
    await tab.session.deny(await tab.asked());

    expect(await tab.next('tool_result')).toMatchObject({
      output: expect.stringMatching(/denied/),
      is_error: true,
    });
    expect(await tab.next('result')).toMatchObject({ subtype: 'success' });
  });

  it('end the turn when a denial interrupts it, and the next message runs', async () => {
    await tab.session.send('bash touch interrupted');
    await tab.session.send('next');
    await tab.session.deny(await tab.asked(), { message: 'stop it', interrupt: true });

    expect(await tab.next('result')).toMatchObject({
      subtype: 'error_during_execution',
      is_error: true,
    });
    expect(await tab.next('result')).toMatchObject({ subtype: 'success' });
    expect(tab.said().at(-1)).toBe('heard next');
    expect(isMade('interrupted')).toBe(false);
  });

  it('are not repeated for a tool that an accepted suggestion allows', async () => {
    await tab.session.send('bash mkdir -p ruled');
    const { correlation_id, context } = await tab.next('permission_request');
    const { suggestions } = context as { suggestions: Record<string, unknown>[] };
    // For this session only, not in the project's settings; and no other mode.
    const updatedPermissions = suggestions
      .filter(({ type }) => type === 'addRules' || type === 'addDirectories')
      .map((suggestion) => ({ ...suggestion, destination: 'session' }));
    expect(updatedPermissions).toHaveLength(2);
    await tab.session.approve(String(correlation_id), { updatedPermissions });
    await tab.next('result');
    await tab.turn('bash mkdir -p ruled');

    expect(tab.all('permission_request')).toHaveLength(1);
    expect(tab.all('tool_result')).toMatchObject([{ is_error: false }, { is_error: false }]);
    expect(isMade('ruled')).toBe(true);
  });

  const ANSWERS = { 'Which colour?': 'blue', 'Which sizes?': 'small, large' };
  it.each([
    ['a map', ANSWERS],
    ['a map in `answers`', { answers: ANSWERS }],
    [
      'a list of selected options',
      [
        { question: 'Which colour?', selectedOptions: ['blue'] },
        { question: 'Which sizes?', selectedOptions: ['small', 'large'] },
      ],
    ],
  ])('pass the answers to the model when they are sent as %s', async (_shape, answers) => {
    await tab.session.send('ask me');
    const { correlation_id, questions } = await tab.next('ask_user_question');
    expect(questions).toEqual({ questions: QUESTIONS });
    expect(await app.server.info(id)).toMatchObject({ state: 'awaiting' });
    await tab.session.answer(String(correlation_id), answers);
    await tab.next('result');

    const [toolResult] = app.asked('ask me').at(-1)?.toolResults ?? [];
    expect(toolResult?.is_error ?? false).toBe(false);
    expect(toolResult?.content).toContain('"Which colour?"="blue", "Which sizes?"="small, large"');
    expect(tab.all('request_resolved')).toMatchObject([{ kind: 'question', outcome: 'answered' }]);
    expect(tab.said().at(-1)).toBe('done');
  });

  it('pass the denial of a question to the model', async () => {
    await tab.session.send('ask me');
    await tab.session.deny(await tab.asked('ask_user_question'), { message: 'decide yourself' });
    await tab.next('result');

    const [toolResult] = app.asked('ask me').at(-1)?.toolResults ?? [];
    expect(JSON.stringify(toolResult)).toContain('decide yourself');
  });

  it('accept the first of two replies, reject the other, and publish the outcome to both tabs', async () => {
    const other = app.attach(id, tab.lastId);
    await tab.session.send('bash touch raced');
    const [correlationId, same] = await Promise.all([tab.asked(), other.asked()]);
    expect(same).toBe(correlationId);
    const replies = await Promise.allSettled([
      tab.session.approve(correlationId),
      other.session.deny(correlationId, { message: 'no' }),
    ]);

    const [refusal, ...more] = replies.flatMap((reply) =>
      reply.status === 'rejected' ? [reply.reason as unknown] : [],
    );
    expect(more).toEqual([]);
    expect(refusal).toBeInstanceOf(TransportError);
    expect(refusal).toMatchObject({ status: 409 });
    const outcome = replies[0].status === 'fulfilled' ? 'allowed' : 'denied';
    const resolved = { correlation_id: correlationId, kind: 'permission', outcome };
    expect(await tab.next('request_resolved')).toMatchObject(resolved);
    expect(await other.next('request_resolved')).toMatchObject(resolved);
    await tab.next('result');
    expect(isMade('raced')).toBe(outcome === 'allowed');
  });

  it('reject a reply after the turn has ended', async () => {
    await tab.session.send('bash touch late');
    const correlationId = await tab.asked();
    await tab.session.interrupt();
    expect(await tab.next('request_resolved')).toMatchObject({ outcome: 'cancelled' });
    await tab.next('result');

    await expect(tab.session.approve(correlationId)).rejects.toMatchObject({ status: 409 });
    expect(isMade('late')).toBe(false);
  });
});
