import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type {
  AgentStart,
  EndedSession,
  SdkFactory,
} from '../../../src/agent-webkit/engine/agent-client.js';
import type { SessionRegistryOptions } from '../../../src/agent-webkit/engine/registry/registry-parts.js';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { eventually } from '../../support/eventually.js';
import { FakeAgentClient } from '../../support/fake-agent-client.js';
import { ADA, createRegistry } from '../../support/registry-bench.js';
import { conversationReset, init, result } from '../../support/sdk-messages.js';
import { LIMITS, settle, stopTime, user } from '../../support/session-bench.js';

function createFactory(forget: (session: EndedSession) => Promise<void>) {
  const agents: FakeAgentClient[] = [];
  const start = (given: AgentStart) => {
    const agent = new FakeAgentClient(given);
    agents.push(agent);
    return agent;
  };
  const sdkFactory: SdkFactory = Object.assign(start, { forget });
  return { agents, sdkFactory };
}

describe('a factory that removes the files of its agents', () => {
  it('receives a deleted session with all of its conversations, after its agent has ended', async () => {
    const forgotten: unknown[] = [];
    const { agents, sdkFactory } = createFactory(async (session) => {
      forgotten.push([session, agents.every(({ isClosed }) => isClosed)]);
    });
    const { registry } = createRegistry(new MemoryStorage(), { sdkFactory });
    const session = await registry.create({}, ADA);
    await eventually(() => agents.length === 1);
    agents[0]?.say(conversationReset(), { ...init(), session_id: 'later' });
    await eventually(() => session.laterConversations.length === 1);
    await registry.delete(session.id, ADA);
    const { id } = session;
    const ended = { sessionId: id, owner: 'ada', conversationIds: [id, 'later'] };
    expect(forgotten).toEqual([[expect.objectContaining(ended), true]]);
    await registry.lifecycle.shutdown();
  });

  it('receives the sessions that end with the server, because their storage does', async () => {
    const forgotten: string[] = [];
    const { sdkFactory } = createFactory(async ({ sessionId }) => void forgotten.push(sessionId));
    const { registry } = createRegistry(new MemoryStorage(), { sdkFactory });
    const { id } = await registry.create({}, ADA);
    await registry.lifecycle.shutdown();
    expect(forgotten).toEqual([id]);
  });

  it('does not prevent a deletion by a failure', async () => {
    const storage = new MemoryStorage();
    const { sdkFactory } = createFactory(() => Promise.reject(new Error('disk')));
    const { registry } = createRegistry(storage, { sdkFactory });
    const { id } = await registry.create({}, ADA);
    await registry.delete(id, ADA);
    expect(await storage.records.get(id)).toBeNull();
    await registry.lifecycle.shutdown();
  });
});

const HOUR_MS = 60 * 60 * 1000;

async function pass(ms: number): Promise<void> {
  await jest.advanceTimersByTimeAsync(ms);
  await settle();
}

describe('the conversations of a session that ends by itself or on another server', () => {
  let storage: MemoryStorage;
  /** The ids of the conversations of each session that a server forgot, by the name of the server. */
  let forgotten: Record<string, (readonly string[])[]>;
  let servers: ReturnType<typeof createRegistry>['registry'][];
  beforeEach(() => {
    stopTime();
    storage = Object.assign(new MemoryStorage(), { durable: true });
    forgotten = {};
    servers = [];
  });
  afterEach(async () => {
    await Promise.all(servers.map((server) => server.lifecycle.shutdown()));
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  async function createServer(name: string, options: Partial<SessionRegistryOptions> = {}) {
    const { agents, sdkFactory } = createFactory(async ({ conversationIds }) => {
      forgotten[name] = [...(forgotten[name] ?? []), conversationIds];
    });
    const { registry } = createRegistry(storage, { sdkFactory, ...options });
    servers.push(registry);
    await registry.lifecycle.start();
    return { registry, agents };
  }
  /** Begins a second conversation in a new session, whose event is then the oldest one in the log by far. */
  async function createCleared({ registry, agents }: Awaited<ReturnType<typeof createServer>>) {
    const session = await registry.create({}, ADA);
    await settle();
    agents.at(-1)?.say(conversationReset(), { ...init(), session_id: 'later' }, result());
    await settle();
    expect(session.laterConversations).toEqual(['later']);
    return session;
  }

  it('are removed when the session expires', async () => {
    const server = await createServer('one', { retentionMs: 2 * HOUR_MS });
    const { id } = await createCleared(server);
    await pass(4 * HOUR_MS);
    expect(forgotten).toEqual({ one: [[id, 'later']] });
    expect(await storage.records.get(id)).toBeNull();
  });

  it('are removed when the session never had a message', async () => {
    const server = await createServer('one', { emptySessionTtlMs: 2 * HOUR_MS });
    const { id } = await server.registry.create({}, ADA);
    await pass(4 * HOUR_MS);
    expect(forgotten).toEqual({ one: [[id]] });
  });

  it('are removed when an expired session is only in the storage, whose log lost the event to newer ones', async () => {
    // More events than one page of them, after the event of the second conversation.
    const first = await createServer('one', { limits: { ...LIMITS, maxEvents: 1200 } });
    const session = await createCleared(first);
    const stored = await storage.events.read(session.id, 0, 100);
    const seq = stored.find(({ name }) => name === 'conversation_reset')?.seq ?? 0;
    expect(seq).toBeGreaterThan(0);
    for (let turn = 0; turn < 500; turn += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one turn after another
      await session.accept(user('hi'), ADA);
      first.agents[0]?.say(result());
      await settle(2); // oxlint-disable-line no-await-in-loop
    }
    expect(session.info().first_id).toBeGreaterThan(seq);
    first.agents[0]?.say(conversationReset(), { ...init(), session_id: 'latest' });
    await settle();
    await first.registry.lifecycle.shutdown();
    await createServer('two', { retentionMs: 2 * HOUR_MS });
    await pass(4 * HOUR_MS);
    expect(forgotten).toEqual({ two: [[session.id, 'later', 'latest']] });
  });

  it('are removed when a server stopped during the deletion', async () => {
    const first = await createServer('one');
    const session = await createCleared(first);
    const remove = storage.records.delete.bind(storage.records);
    storage.records.delete = () => Promise.reject(new Error('The server stopped.'));
    const deleted = first.registry.delete(session.id, ADA);
    await settle();
    await Promise.all([
      expect(deleted).rejects.toMatchObject({ code: 'storage_unavailable' }),
      first.registry.lifecycle.shutdown(),
    ]);
    storage.records.delete = remove;
    const { registry } = await createServer('two');
    await expect(registry.get(session.id, ADA)).rejects.toMatchObject({
      code: 'session_not_found',
    });
    await settle();
    expect(forgotten['two']).toEqual([[session.id, 'later']]);
    expect(await storage.records.get(session.id)).toBeNull();
  });

  it('are removed by the server that deletes the session, and by the one whose agent still ran', async () => {
    const first = await createServer('one');
    const session = await createCleared(first);
    const second = await createServer('two');
    await second.registry.delete(session.id, ADA);
    expect(forgotten).toEqual({ two: [[session.id, 'later']] });

    // The agent is gone only after its last entry of the transcript.
    const key = { projectKey: 'p', sessionId: session.id };
    const [agent] = first.agents;
    if (agent) agent.closing = storage.transcripts.append(key, [{ type: 'user' }]);
    agent?.say({ ...init(), session_id: 'later' }, result());
    await settle(10);
    expect(agent?.isClosed).toBe(true);
    expect(forgotten['one']).toEqual([[session.id, 'later']]);
    expect(await storage.transcripts.load(key)).toBeNull();
  });

  it('stay when another server only takes the session over', async () => {
    const first = await createServer('one');
    const session = await createCleared(first);
    const second = await createServer('two');
    await second.registry.send(session.id, user('hi'), ADA);
    first.agents[0]?.say(result());
    await settle(10);
    expect(first.agents[0]?.isClosed).toBe(true);
    expect(second.agents[0]?.start).toMatchObject({ conversationId: 'later', resume: true });
    expect(forgotten).toEqual({});
    await second.registry.delete(session.id, ADA);
  });
});
