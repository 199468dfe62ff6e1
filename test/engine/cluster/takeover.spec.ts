import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { agentOf, type BenchServer, ClusterBench } from '../../support/cluster-bench.js';
import { eventually } from '../../support/eventually.js';
import { ADA } from '../../support/registry-bench.js';
import { result } from '../../support/sdk-messages.js';
import { settle, user } from '../../support/session-bench.js';

describe('a server whose lease lapses', () => {
  let bench: ClusterBench;
  let a: BenchServer;
  let b: BenchServer;
  let c: BenchServer;
  beforeEach(async () => {
    bench = new ClusterBench();
    [a, b, c] = (await bench.startAll(3)) as [BenchServer, BenchServer, BenchServer];
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await bench.close();
    expect(bench.living()).toEqual([]);
  });

  /** Creates a session at the first server, with a turn that runs and a message that is queued. */
  async function work(): Promise<string> {
    const { id } = await a.registry.create({}, ADA);
    await a.registry.send(id, user('runs'), ADA);
    await a.registry.send(id, user('waits'), ADA);
    await (await agentOf(a)).received(1);
    return id;
  }

  /** Lets the duration of a lease pass, for servers that measure it. */
  function passLease(): void {
    const now = Date.now;
    jest.spyOn(Date, 'now').mockImplementation(() => now() + bench.cluster.leaseMs);
  }

  const livingElsewhere = () => bench.living().filter((agent) => !a.agents.includes(agent));

  it('loses its unfinished session to one of the others at once, which goes on with the queue', async () => {
    const id = await work();
    bench.kill(a);
    await eventually(() => livingElsewhere().length > 0);
    const [agent] = livingElsewhere();
    expect(await agent?.received(1)).toMatchObject({ content: 'waits' });
    await settle();
    expect(livingElsewhere()).toHaveLength(1);
    const names = await bench.names(id);
    expect(names.filter((name) => name === 'turn_start')).toHaveLength(2);
    expect(await bench.data(id, 'error')).toMatchObject([{ code: 'turn_interrupted' }]);
    expect(names.filter((name) => name === 'user_message')).toHaveLength(2);
  });

  it('releases each session of a server that stops as soon as its agent is gone, whatever others take', async () => {
    const [quick, slow] = [await a.registry.create({}, ADA), await a.registry.create({}, ADA)];
    await a.registry.send(quick.id, user('runs'), ADA);
    await a.registry.send(slow.id, user('runs'), ADA);
    await (await agentOf(a, 1)).received(1);
    const hanging = await agentOf(a, 2);
    await hanging.received(1);
    let gone!: () => void;
    hanging.closing = new Promise((resolve) => (gone = resolve));
    const stopped = a.registry.lifecycle.shutdown();
    await eventually(() => !bench.cluster.owners.has(quick.id));
    expect(bench.cluster.owners.has(slow.id)).toBe(true);
    gone();
    await stopped;
    expect(bench.cluster.owners.has(slow.id)).toBe(false);
  });

  it('ends its agents when it is back, writes nothing, and forwards', async () => {
    const id = await work();
    const agent = await agentOf(a);
    bench.kill(a);
    await eventually(() => livingElsewhere().length > 0);
    agent.say(result());
    await settle();
    bench.cluster.heal(a.address);
    await eventually(() => agent.isClosed);
    await eventually(() => a.registry.size === 0);
    await a.registry.send(id, user('after'), ADA);
    const contents = (await bench.data(id, 'user_message')).map(({ content }) => content);
    expect(contents).toEqual(['runs', 'waits', 'after']);
    expect(a.registry.size).toBe(0);
    expect(await bench.data(id, 'error')).toHaveLength(1);
  });

  it('has not answered a message that another server then accepts, once', async () => {
    const { id } = await a.registry.create({}, ADA);
    bench.cluster.cut(a.address);
    const { message_id: _, ...unnamed } = user('hi');
    let isAnswered = false;
    const sent = b.registry.send(id, unnamed, ADA).then(() => (isAnswered = true));
    await eventually(() => bench.cluster.mail.size === 1);
    await settle();
    expect(isAnswered).toBe(false);
    bench.cluster.lapse(a.address);
    await sent;
    expect(b.registry.size + c.registry.size).toBe(1);
    bench.cluster.heal(a.address);
    await eventually(() => a.registry.size === 0);
    expect(await bench.data(id, 'user_message')).toHaveLength(1);
    expect([...bench.cluster.mail]).toEqual([]);
  });

  it('has accepted a message once whose reply was lost', async () => {
    const { id } = await a.registry.create({}, ADA);
    a.storage.cluster.reply = () => new Promise(() => undefined);
    const { message_id: _, ...unnamed } = user('hi');
    const sent = b.registry.send(id, unnamed, ADA);
    await eventually(async () => (await bench.data(id, 'user_message')).length === 1);
    bench.kill(a);
    await sent;
    expect(await bench.data(id, 'user_message')).toHaveLength(1);
  });

  it('has accepted an answer whose reply was lost, which is no conflict then', async () => {
    const { id } = await a.registry.create({}, ADA);
    await a.registry.send(id, user('asks'), ADA);
    const agent = await agentOf(a);
    await agent.received(1);
    const asked = agent.ask('Bash', { command: 'ls' }, { toolUseID: 'call' });
    await eventually(async () => (await bench.data(id, 'permission_request')).length === 1);
    a.storage.cluster.reply = () => new Promise(() => undefined);
    const allow = {
      type: 'permission_response',
      correlation_id: 'call',
      behavior: 'allow',
    } as const;
    const sent = b.registry.send(id, allow, ADA);
    expect(await asked).toMatchObject({ behavior: 'allow' });
    bench.kill(a);
    await sent;
    expect(await bench.data(id, 'request_resolved')).toMatchObject([{ outcome: 'allowed' }]);
    // The second answer is one.
    const deny = { ...allow, behavior: 'deny' } as const;
    await expect(b.registry.send(id, deny, ADA)).rejects.toMatchObject({
      code: 'no_pending_request',
    });
  });

  it.each([
    [
      'elicitation',
      { serverName: 'crm', message: 'Who?' },
      'elicitation_request',
      [
        { type: 'elicitation_response', action: 'decline' },
        { type: 'elicitation_response', action: 'cancel' },
      ],
    ],
    [
      'dialog',
      { dialogKind: 'terms', payload: {} },
      'dialog_request',
      [
        { type: 'dialog_response', behavior: 'cancelled' },
        { type: 'dialog_response', behavior: 'completed', result: 1 },
      ],
    ],
    [
      'hook',
      { event: 'PreToolUse', input: {} },
      'hook_decision_request',
      [
        { type: 'hook_decision_response', behavior: 'deny' },
        { type: 'hook_decision_response', behavior: 'allow' },
      ],
    ],
  ] as const)(
    'has accepted a reply of the kind %s that was lost, and no other one',
    async (kind, asked, name, [reply, other]) => {
      const { id } = await a.registry.create({}, ADA);
      await a.registry.send(id, user('asks'), ADA);
      const agent = await agentOf(a);
      await agent.received(1);
      const answered = agent.askPeople(kind, asked);
      const [request] = await eventually(
        () => bench.data(id, name),
        ({ length }) => length === 1,
      );
      a.storage.cluster.reply = () => new Promise(() => undefined);
      const correlation_id = String(request?.['correlation_id']);
      const sent = b.registry.send(id, { ...reply, correlation_id }, ADA);
      await answered;
      bench.kill(a);
      await sent;
      await expect(b.registry.send(id, { ...other, correlation_id }, ADA)).rejects.toMatchObject({
        code: 'no_pending_request',
      });
    },
  );

  it('keeps its sessions when no other server has taken them over', async () => {
    const id = await work();
    const agent = await agentOf(a);
    for (const { address } of bench.servers) bench.cluster.cut(address);
    bench.cluster.lapse(b.address);
    bench.cluster.lapse(c.address);
    bench.cluster.lapse(a.address);
    for (const { address } of bench.servers) bench.cluster.heal(address);
    await bench.introduce();
    await a.registry.send(id, user('after'), ADA);
    agent.say(result());
    await agent.received(2);
    expect(livingElsewhere()).toEqual([]);
    expect(await bench.data(id, 'error')).toEqual([]);
  });

  it('answers nothing from memory until the session was compared with the storage', async () => {
    const id = await work();
    bench.kill(a);
    await eventually(() => livingElsewhere().length > 0);
    passLease();
    const reply = { type: 'permission_response', correlation_id: 'x', behavior: 'deny' } as const;
    let isAnswered = false;
    const answered = a.registry.send(id, reply, ADA).catch((error: unknown) => {
      isAnswered = true;
      return error;
    });
    await settle(20);
    expect(isAnswered).toBe(false);
    bench.cluster.heal(a.address);
    expect(await answered).toMatchObject({ code: 'no_pending_request' });
    expect(b.registry.size + c.registry.size).toBe(1);
  });

  it('is not waited for when it stops: it ends its lease last', async () => {
    const id = await work();
    await a.registry.lifecycle.shutdown();
    expect(bench.cluster.isValid(a.address)).toBe(false);
    await eventually(() => livingElsewhere().length > 0);
    await b.registry.send(id, user('after'), ADA);
    expect(await bench.data(id, 'user_message')).toHaveLength(3);
  });

  it('releases a session that leaves its memory, so that any server may take it over', async () => {
    const session = await a.registry.create({}, ADA);
    expect(bench.cluster.owners.get(session.id)).toBe(a.address);
    await session.stopIdleAgent();
    await a.registry.lifecycle.drain();
    expect(bench.cluster.owners.has(session.id)).toBe(false);
    await b.registry.send(session.id, user('hi'), ADA);
    expect(bench.cluster.owners.get(session.id)).toBe(b.address);
  });

  it('drains: a message to a session that it released goes on at another server', async () => {
    const { id } = await a.registry.create({}, ADA);
    const drained = a.registry.lifecycle.drain();
    await drained;
    await a.registry.send(id, user('hi'), ADA);
    expect(a.registry.size).toBe(0);
    expect(bench.cluster.owners.get(id)).not.toBe(a.address);
    expect(await bench.data(id, 'user_message')).toHaveLength(1);
  });
});
