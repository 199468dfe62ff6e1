import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { agentOf, type BenchServer, ClusterBench } from '../../support/cluster-bench.js';
import { eventually } from '../../support/eventually.js';
import { ADA, BOB } from '../../support/registry-bench.js';
import { result } from '../../support/sdk-messages.js';
import { newRecord, user } from '../../support/session-bench.js';

const NOT_PENDING = { code: 'no_pending_request' };

describe.each([
  ['with a bus', true],
  ['without a bus', false],
])('a call to a server that does not run the session, %s', (_, hasBus) => {
  let bench: ClusterBench;
  let a: BenchServer;
  let b: BenchServer;
  beforeEach(async () => {
    bench = new ClusterBench(1000, hasBus);
    [a, b] = (await bench.startAll(2, { maxCreationsPerMinute: 10_000 })) as [
      BenchServer,
      BenchServer,
    ];
  });
  afterEach(async () => {
    await bench.close();
    expect(bench.living()).toEqual([]);
    expect([...bench.cluster.mail]).toEqual([]);
  });

  /** Creates a session at the first server, whose agent has a request open. */
  async function ask() {
    const { id } = await a.registry.create({}, ADA);
    await a.registry.send(id, user('hi'), ADA);
    const agent = await agentOf(a);
    await agent.received(1);
    const replied = agent.ask('Bash', { command: 'ls' }, { toolUseID: 'tool-1' });
    const [request] = await eventually(
      () => bench.data(id, 'permission_request'),
      (requests) => requests.length > 0,
    );
    return { id, agent, replied, correlation_id: String(request?.['correlation_id']) };
  }

  it('is refused by the server that runs it when the answer is for another input, and each server exports the decision', async () => {
    const { id, replied, correlation_id } = await ask();
    const allow = { type: 'permission_response', correlation_id, behavior: 'allow' } as const;
    const input_digest = `sha256:${'0'.repeat(64)}`;
    await expect(b.registry.send(id, { ...allow, input_digest }, ADA)).rejects.toMatchObject({
      code: 'input_changed',
    });
    await b.registry.send(id, allow, ADA);
    expect(await replied).toMatchObject({ behavior: 'allow' });
    const decisions = await b.registry.decisions(id, ADA, 0);
    expect(decisions).toMatchObject([{ number: 1, correlation_id, by: ADA.id }]);
    expect(await a.registry.decisions(id, ADA, 0)).toEqual(decisions);
    await expect(b.registry.decisions(id, BOB, 0)).rejects.toMatchObject({
      code: 'session_not_found',
    });
  });

  it('changes the members if they are those that it expects, of several calls at once one', async () => {
    const { id } = await a.registry.create({}, ADA);
    const members = [{ id: BOB.id, role: 'viewer' }] as const;
    await b.registry.setMembers(id, { members, expected: [] }, ADA);
    // The same call again, as when its reply was lost.
    await b.registry.setMembers(id, { members, expected: [] }, ADA);
    const conflict = { name: 'MembersChangedError', code: 'members_changed' };
    await expect(
      b.registry.setMembers(id, { members: [], expected: [] }, ADA),
    ).rejects.toMatchObject(conflict);
    await b.registry.setMembers(id, { members: [], expected: members }, ADA);
    const outcomes = await Promise.allSettled(
      [a, b, b, a].map(({ registry }, n) =>
        registry.setMembers(id, { members: [{ id: `m${n}`, role: 'viewer' }], expected: [] }, ADA),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const refusals = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason as Error] : [],
    );
    expect(refusals).toHaveLength(3);
    for (const refusal of refusals) expect(refusal).toMatchObject(conflict);
    expect(b.registry.size).toBe(0);
  });

  it('is handled by the server that runs it: messages spread over the servers are one conversation', async () => {
    const { id } = await a.registry.create({}, ADA);
    const agent = await agentOf(a);
    for (let n = 0; n < 6; n += 1) {
      const { registry } = n % 2 === 0 ? b : a;
      await registry.send(id, user(`message ${n}`), ADA); // oxlint-disable-line no-await-in-loop
      await agent.received(n + 1); // oxlint-disable-line no-await-in-loop
      agent.say(result());
    }
    await eventually(
      () => bench.data(id, 'result'),
      (results) => results.length === 6,
    );
    expect((await bench.data(id, 'user_message')).map(({ content }) => content)).toEqual(
      Array.from({ length: 6 }, (__, n) => `message ${n}`),
    );
    expect(b.agents).toEqual([]);
    expect(b.registry.size).toBe(0);
  });

  it('accepts the same message once at two servers at once, by message_id and by key', async () => {
    const { id } = await a.registry.create({}, ADA);
    const message = user('once');
    const { message_id: __, ...unnamed } = user('keyed');
    await Promise.all([
      a.registry.send(id, message, ADA),
      b.registry.send(id, message, ADA),
      b.registry.send(id, message, ADA),
      a.registry.send(id, unnamed, ADA, 'key'),
      b.registry.send(id, unnamed, ADA, 'key'),
    ]);
    const contents = (await bench.data(id, 'user_message')).map(({ content }) => content);
    expect(new Set(contents)).toEqual(new Set(['keyed', 'once']));
    expect(contents).toHaveLength(2);
  });

  it('lets the first reply of the whole fleet win', async () => {
    const { id, replied, correlation_id } = await ask();
    const reply = { type: 'permission_response', correlation_id, behavior: 'allow' } as const;
    const replies = await Promise.allSettled([
      b.registry.send(id, reply, ADA),
      a.registry.send(id, reply, ADA),
    ]);
    expect(replies.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const refused = replies.find(({ status }) => status === 'rejected');
    expect(refused).toMatchObject({ reason: NOT_PENDING });
    expect((await replied).behavior).toBe('allow');
    await expect(b.registry.send(id, reply, ADA)).rejects.toMatchObject(NOT_PENDING);
    expect(a.decisions).toMatchObject([{ caller: ADA, outcome: 'allowed' }]);
    expect(b.decisions).toEqual([]);
  });

  it.each([
    [
      'elicitation',
      { serverName: 'crm', message: 'Who?' },
      { type: 'elicitation_response', action: 'accept', content: { name: 'Ada' } },
      { action: 'accept', content: { name: 'Ada' } },
    ],
    [
      'dialog',
      { dialogKind: 'terms', payload: {} },
      { type: 'dialog_response', behavior: 'completed', result: null },
      { behavior: 'completed', result: null },
    ],
    [
      'hook',
      { event: 'PreToolUse', input: {} },
      { type: 'hook_decision_response', behavior: 'deny', message: 'No.' },
      { behavior: 'deny', message: 'No.' },
    ],
  ] as const)('forwards the reply to a request of the kind %s', async (kind, asked, reply, got) => {
    const { id, agent } = await ask();
    const answered = agent.askPeople(kind, asked);
    const name = kind === 'hook' ? 'hook_decision_request' : (`${kind}_request` as const);
    const [request] = await eventually(
      () => bench.data(id, name),
      (requests) => requests.length > 0,
    );
    const correlation_id = String(request?.['correlation_id']);
    await b.registry.send(id, { ...reply, correlation_id }, ADA);
    expect(await answered).toEqual(got);
    await expect(b.registry.send(id, { ...reply, correlation_id }, ADA)).rejects.toMatchObject(
      NOT_PENDING,
    );
  });

  it('interrupts the turn, and changes the mode, the model and the budget', async () => {
    const { id, agent } = await ask();
    agent.onInterrupt = () => agent.say(result());
    await b.registry.send(id, { type: 'interrupt' }, ADA);
    await agent.called('interrupt');
    await b.registry.send(id, { type: 'set_permission_mode', mode: 'plan' }, ADA);
    await b.registry.send(id, { type: 'set_model', model: 'other' }, ADA);
    await b.registry.setMaxBudget(id, 3, ADA);
    expect((await a.registry.get(id, ADA)).config).toMatchObject({
      permissionMode: 'plan',
      model: 'other',
      maxBudgetUsd: 3,
    });
    const stopped = b.registry.send(id, { type: 'stop_task', task_id: 'none' }, ADA);
    await expect(stopped).rejects.toMatchObject({ code: 'no_running_task' });
  });

  it('edits and withdraws queued messages, each once', async () => {
    const { id, agent } = await ask();
    const [first, second] = [randomUUID(), randomUUID()];
    await b.registry.send(id, user('one', first), ADA);
    await b.registry.send(id, user('two', second), ADA);
    await b.registry.editMessage(id, second, 'three', ADA);
    await b.registry.withdrawMessage(id, first, ADA);
    await b.registry.withdrawMessage(id, first, ADA);
    await expect(b.registry.withdrawMessage(id, randomUUID(), ADA)).rejects.toMatchObject({
      code: 'message_not_found',
    });
    await expect(b.registry.editMessage(id, second, 'four', BOB)).rejects.toMatchObject({
      code: 'session_not_found',
    });
    agent.say(result());
    expect(await agent.received(2)).toMatchObject({ messageId: second, content: 'three' });
    await expect(b.registry.editMessage(id, second, 'five', ADA)).rejects.toMatchObject({
      code: 'message_not_queued',
    });
  });

  it('changes what is noted about a session that runs on another server, or on none', async () => {
    const { id } = await ask();
    await b.registry.change(id, { title: 'Shop', metadata: { round: 1 } }, ADA);
    expect(await b.registry.info(id, ADA)).toMatchObject({ title: 'Shop', title_source: 'client' });
    expect(await bench.data(id, 'session_changed')).toMatchObject([
      { title: 'Shop', title_source: 'client', metadata: { round: 1 }, by: ADA.id },
    ]);
    const tooLong = b.registry.change(id, { metadata: { a: 'x'.repeat(8192) } }, ADA);
    await expect(tooLong).rejects.toMatchObject({ code: 'invalid_request' });

    const dormant = await bench.cluster.storage.records.create(newRecord(), null);
    await b.registry.change(dormant.id, { archived: true }, { id: dormant.owner });
    const { details } = (await bench.cluster.storage.records.get(dormant.id)) ?? {};
    expect(details).toMatchObject({ archived: true });
  });

  it('deletes the session, also when it is deleted at both servers', async () => {
    const { id } = await ask();
    const outcomes = await Promise.allSettled([
      b.registry.delete(id, ADA),
      a.registry.delete(id, ADA),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
    expect(bench.living()).toEqual([]);
    expect(await bench.cluster.storage.records.get(id)).toBeNull();
    await expect(b.registry.delete(id, ADA)).rejects.toMatchObject({ code: 'session_not_found' });
  });

  it('is rejected as by that server', async () => {
    const { id } = await ask();
    const mode = { type: 'set_permission_mode', mode: 'bypassPermissions' } as const;
    await expect(b.registry.send(id, mode, ADA)).rejects.toMatchObject({ code: 'forbidden' });
    const stranger = b.registry.send(id, user('hi'), BOB);
    await expect(stranger).rejects.toMatchObject({ code: 'session_not_found' });
    const large = b.registry.send(id, user('x'.repeat(1_000_001)), ADA);
    await expect(large).rejects.toMatchObject({ code: 'payload_too_large' });
    await Promise.all(Array.from({ length: 8 }, () => b.registry.send(id, user('more'), ADA)));
    await expect(b.registry.send(id, user('too much'), ADA)).rejects.toMatchObject({
      code: 'backpressure',
      retryAfterSeconds: 5,
    });
  });

  it('may be as large as an image', async () => {
    const { id } = await a.registry.create({}, ADA);
    const data = Buffer.alloc(4_900_000, 7).toString('base64');
    const source = { type: 'base64', media_type: 'image/png', data } as const;
    const content = [1, 2].map(() => ({ type: 'image', source }) as const);
    await b.registry.send(id, { type: 'user_message', content, message_id: randomUUID() }, ADA);
    const agent = await agentOf(a);
    expect(await agent.received(1)).toMatchObject({ content });
  });

  it('reaches one server when the session runs on none, and two servers receive messages at once', async () => {
    const session = await a.registry.create({}, ADA);
    const { id } = session;
    await a.registry.lifecycle.shutdown();
    const c = await bench.start();
    await bench.introduce();
    await Promise.all([
      b.registry.send(id, user('one'), ADA),
      c.registry.send(id, user('two'), ADA),
      b.registry.send(id, user('three'), ADA),
    ]);
    expect(await bench.data(id, 'user_message')).toHaveLength(3);
    await eventually(() => bench.living().length > 0);
    expect(bench.living()).toHaveLength(1);
    expect(b.registry.size + c.registry.size).toBe(1);
  });
});
