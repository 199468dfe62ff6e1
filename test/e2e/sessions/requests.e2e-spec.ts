import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { invalid, refused } from '../../support/refused.js';
import { ADAPTERS, type FakeAgents, startFakeApp, type TestApp } from '../../support/start-app.js';
import type { SseClient } from '../../support/sse-client.js';

const QUESTIONS = {
  questions: [
    { question: 'Which colour?', options: [{ label: 'red' }, { label: 'blue' }] },
    { question: 'Which sizes?', multiSelect: true, options: [{ label: 'S' }, { label: 'L' }] },
  ],
};
const ANSWERS = { 'Which colour?': 'red', 'Which sizes?': 'S, L' };
const LISTED = [
  { question: 'Which colour?', selectedOptions: ['red'] },
  { question: 'Which sizes?', selectedOptions: ['S', 'L'] },
];

// printf '%s' '{"command":"ls"}' | sha256sum
const LS = 'sha256:4cf29611a66934862f29acfcc817e30b905c1ab73d5e65831413eb6b454d49db';

const update = (fields: object) => ({ behavior: 'allow', updated_permissions: [fields] });

describe.each(ADAPTERS)('Permission requests and questions on %s', (adapter) => {
  let server: TestApp;
  let agents: FakeAgents;
  let id: string;
  let stream: SseClient;
  beforeEach(async () => {
    ({ server, agents } = await startFakeApp(
      { auth: { tokens: ['ann:t'] } },
      { adapter, headers: { authorization: 'Bearer t' } },
    ));
    id = await server.createSession();
    stream = await server.stream(id);
    await server.say(id, 'go');
    await agents.newest().received(1);
  });
  afterEach(() => server.close());

  /** Returns the agent's promise in an object, because an async function would await it otherwise. */
  const openRequest = async (ask: () => Promise<unknown>, event: string) => {
    const answered = ask();
    const request = await stream.next(event);
    return { answered, request };
  };
  const bash = (more: object = {}) =>
    openRequest(
      () => agents.newest().ask('Bash', { command: 'ls' }, { toolUseID: 'toolu_1', ...more }),
      'permission_request',
    );
  const question = () =>
    openRequest(
      () => agents.newest().ask('AskUserQuestion', QUESTIONS, { toolUseID: 'toolu_q' }),
      'ask_user_question',
    );
  const decide = (fields: object) =>
    server.input(id, { type: 'permission_response', correlation_id: 'toolu_1', ...fields });
  const answer = (answers: unknown) =>
    server.input(id, { type: 'question_response', correlation_id: 'toolu_q', answers });

  it('carry every detail that the agent gives', async () => {
    const suggestion = {
      type: 'setMode' as const,
      mode: 'acceptEdits' as const,
      destination: 'session' as const,
    };
    const { request } = await bash({
      agentID: 'agent-1',
      suggestions: [suggestion],
      blockedPath: '/etc',
      decisionReason: 'outside',
      title: 'Claude wants to run ls',
      displayName: 'Shell',
      description: 'lists files',
      mcpServer: { name: 'crm', source: 'sdk' },
      defaultToNo: true,
      suppressAlwaysAllowRule: true,
      matchedAskRule: { source: 'session', toolName: 'Bash', ruleContent: 'ls:*' },
    });
    expect(request.data).toEqual({
      correlation_id: 'toolu_1',
      tool_name: 'Bash',
      input: { command: 'ls' },
      input_digest: LS,
      context: {
        tool_use_id: 'toolu_1',
        agent_id: 'agent-1',
        suggestions: [suggestion],
        blocked_path: '/etc',
        decision_reason: 'outside',
        title: 'Claude wants to run ls',
        display_name: 'Shell',
        description: 'lists files',
        mcp_server: { name: 'crm', source: 'sdk' },
        default_to_no: true,
        suppress_always_allow_rule: true,
        matched_ask_rule: { source: 'session', tool_name: 'Bash', rule_content: 'ls:*' },
      },
    });
  });

  it('are listed as pending while the session awaits a reply', async () => {
    const { request } = await bash();
    const { request: asked } = await question();
    expect(asked.data).toEqual({
      correlation_id: 'toolu_q',
      questions: QUESTIONS,
      input_digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    });
    const pending = [
      { event: 'permission_request', ...request.data },
      { event: 'ask_user_question', ...asked.data },
    ];
    expect(await server.info(id)).toMatchObject({ state: 'awaiting', pending });
    await decide({ behavior: 'allow' });
    await answer(ANSWERS);
    expect(await server.info(id)).toMatchObject({ state: 'running', pending: [] });
  });

  it('allow a tool with its original input, and publish the caller who allowed it', async () => {
    const { answered } = await bash();
    expect((await decide({ behavior: 'allow' })).status).toBe(204);
    expect(await answered).toEqual({ behavior: 'allow', updatedInput: { command: 'ls' } });
    expect((await stream.next('request_resolved')).data).toMatchObject({
      correlation_id: 'toolu_1',
      kind: 'permission',
      outcome: 'allowed',
      by: 'ann',
    });
  });

  it('allow a tool with a changed input and changed permissions', async () => {
    const { answered } = await bash();
    const updated_permissions = [
      {
        type: 'addRules',
        rules: [{ toolName: 'Bash', ruleContent: 'ls:*' }],
        behavior: 'allow',
        destination: 'session',
      },
      { type: 'setMode', mode: 'acceptEdits', destination: 'session' },
    ];
    const updated_input = { command: 'ls -l', constructor: 'x', nested: { constructor: 1 } };
    await decide({ behavior: 'allow', updated_input, updated_permissions });
    expect(await answered).toEqual({
      behavior: 'allow',
      updatedInput: updated_input,
      updatedPermissions: updated_permissions,
    });
  });

  it('deny a tool with the message of the reply, or with a default message', async () => {
    const first = await bash();
    await decide({ behavior: 'deny', message: 'too risky', interrupt: true });
    expect(await first.answered).toEqual({
      behavior: 'deny',
      message: 'too risky',
      interrupt: true,
    });
    expect((await stream.next('request_resolved')).data['outcome']).toBe('denied');
    const second = await bash();
    await decide({ behavior: 'deny' });
    expect(await second.answered).toMatchObject({ message: expect.stringMatching(/./) });
  });

  it.each([
    ['a map', ANSWERS],
    ['a map within answers', { answers: ANSWERS }],
    ['a list', LISTED],
    ['a list within answers', { answers: LISTED }],
  ])('accept answers as %s, and keep the questions', async (_, answers) => {
    const { answered } = await question();
    expect((await answer(answers)).status).toBe(204);
    expect(await answered).toEqual({
      behavior: 'allow',
      updatedInput: { ...QUESTIONS, answers: ANSWERS },
    });
    expect((await stream.next('request_resolved')).data).toMatchObject({
      correlation_id: 'toolu_q',
      kind: 'question',
      outcome: 'answered',
      by: 'ann',
    });
  });

  it('accept the denial of a question', async () => {
    const { answered } = await question();
    await decide({ behavior: 'deny', correlation_id: 'toolu_q' });
    expect(await answered).toMatchObject({ behavior: 'deny' });
  });

  it('accept the first of 20 concurrent replies, and answer 409 to the others', async () => {
    const { answered } = await bash();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        decide(n % 2 === 0 ? { behavior: 'allow' } : { behavior: 'deny', message: `no ${n}` }),
      ),
    );
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    const late = answers.filter(({ status }) => status !== 204);
    for (const refusal of late) {
      expect(refusal).toMatchObject(refused(409, 'no_pending_request', /toolu_1/));
    }
    const winner = answers.findIndex(({ status }) => status === 204);
    expect(((await answered) as { behavior: string }).behavior).toBe(
      winner % 2 === 0 ? 'allow' : 'deny',
    );
    await server.input(id, { type: 'user_message', content: 'after' });
    await stream.until(() => stream.names().filter((name) => name === 'user_message').length === 2);
    expect(stream.names().filter((name) => name === 'request_resolved')).toHaveLength(1);
  });

  it('answer 409 to a reply when the request is unknown, resolved or cancelled', async () => {
    const no = refused(409, 'no_pending_request', /pending/);
    expect(await decide({ behavior: 'allow', correlation_id: 'never' })).toMatchObject(no);
    expect(await decide({ behavior: 'deny', correlation_id: '__proto__' })).toMatchObject(no);
    await question();
    await answer(ANSWERS);
    expect(await answer(ANSWERS)).toMatchObject(no);
    const aborting = new AbortController();
    const { answered } = await bash({ signal: aborting.signal });
    aborting.abort();
    expect(await answered).toMatchObject({ behavior: 'deny' });
    expect(await decide({ behavior: 'allow' })).toMatchObject(no);
    await stream.next('request_resolved');
    expect((await stream.next('request_resolved')).data).toMatchObject({
      correlation_id: 'toolu_1',
      kind: 'permission',
      outcome: 'cancelled',
    });
  });

  it.each([
    ['behavior', {}],
    ['behavior', { behavior: 'maybe' }],
    ['correlation_id', { behavior: 'allow', correlation_id: undefined }],
    ['correlation_id', { behavior: 'allow', correlation_id: 5 }],
    ['interrupt', { behavior: 'allow', interrupt: true }],
    ['interrupt', { behavior: 'allow', interrupt: false }],
    ['interrupt', { behavior: 'deny', interrupt: 'yes' }],
    ['message', { behavior: 'deny', message: {} }],
    ['message', { behavior: 'allow', message: 'go on' }],
    ['updated_input', { behavior: 'deny', updated_input: {} }],
    ['updated_permissions', { behavior: 'deny', updated_permissions: [] }],
    ['updated_input', { behavior: 'allow', updated_input: 'ls' }],
    ['updated_input', { behavior: 'allow', updated_input: [] }],
    ['updated_input', { behavior: 'allow', updated_input: null }],
    ['updated_permissions', { behavior: 'allow', updated_permissions: {} }],
    ['updated_permissions[0]', { behavior: 'allow', updated_permissions: [7] }],
    ['updated_permissions[0].destination', update({ type: 'setMode', mode: 'plan' })],
    ['updated_permissions[0].type', update({ type: 'x', destination: 'session' })],
    ['updated_permissions[0].mode', update({ type: 'setMode', destination: 'session' })],
    [
      'updated_permissions[0].rules',
      update({ type: 'addRules', behavior: 'allow', destination: 'session' }),
    ],
  ])('answer 400 to a decision with an invalid %s, and stay open: %j', async (field, fields) => {
    await bash();
    expect(await decide(fields)).toMatchObject(invalid(field));
    expect(await server.info(id)).toMatchObject({ state: 'awaiting' });
    expect((await decide({ behavior: 'allow' })).status).toBe(204);
  });

  it.each([
    ['answers', undefined],
    ['answers', null],
    ['answers', 'red'],
    ['answers', 5],
    ['answers.Which colour?', { 'Which colour?': 5 }],
    ['answers.Which colour?', { 'Which colour?': [1] }],
    ['answers[0].question', [{ selectedOptions: ['red'] }]],
    ['answers[0].selectedOptions', [{ question: 'Which colour?' }]],
    ['answers[0]', ['red']],
    ['answers.answers', { answers: null }],
  ])('answer 400 to invalid %s, and stay open: %j', async (field, answers) => {
    await question();
    expect(await answer(answers)).toMatchObject(invalid(field));
    expect((await answer(ANSWERS)).status).toBe(204);
  });

  it('answer 400 to the wrong kind of reply, and 403 to a permission mode that the host does not allow', async () => {
    await bash();
    await question();
    expect(await decide({ behavior: 'allow', correlation_id: 'toolu_q' })).toMatchObject(
      invalid('type'),
    );
    const wrong = { type: 'question_response', correlation_id: 'toolu_1', answers: ANSWERS };
    expect(await server.input(id, wrong)).toMatchObject(invalid('type'));
    const mode = { type: 'setMode', mode: 'bypassPermissions', destination: 'session' };
    expect(await decide(update(mode))).toMatchObject(
      refused(403, 'forbidden', /updated_permissions\[0\]\.mode/),
    );
    expect(await server.info(id)).toMatchObject({
      pending: [{ correlation_id: 'toolu_1' }, { correlation_id: 'toolu_q' }],
    });
  });

  it.each([
    ['destination', { type: 'setMode', mode: 'plan', destination: 'userSettings' }],
    [
      'destination',
      {
        type: 'addRules',
        behavior: 'allow',
        rules: [{ toolName: 'Bash' }],
        destination: 'localSettings',
      },
    ],
    ['directories', { type: 'addDirectories', directories: ['/'], destination: 'session' }],
  ])(
    'answer 403 to a permission update that reaches beyond the session by its %s: %j',
    async (field, change) => {
      await bash();
      expect(await decide(update(change))).toMatchObject(
        refused(403, 'forbidden', new RegExp(`updated_permissions\\[0\\]\\.${field}`)),
      );
      expect(await server.info(id)).toMatchObject({ state: 'awaiting' });
      const suggestion = { type: 'setMode', mode: 'plan', destination: 'session' };
      expect((await decide(update(suggestion))).status).toBe(204);
    },
  );

  it('suggest permission updates that a client may send back unchanged', async () => {
    const suggestions = [{ type: 'setMode', mode: 'plan', destination: 'localSettings' }] as const;
    const { request } = await bash({ suggestions: [...suggestions] });
    const { context } = request.data as { context: { suggestions: object[] } };
    expect(context.suggestions).toEqual([{ ...suggestions[0], destination: 'session' }]);
    expect(
      (await decide({ behavior: 'allow', updated_permissions: context.suggestions })).status,
    ).toBe(204);
  });
});
