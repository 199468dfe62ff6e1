import { describe, expect, it } from '@jest/globals';
import type {
  AgentStart,
  EndedSession,
  SdkFactory,
} from '../../../src/agent-webkit/engine/agent-client.js';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { eventually } from '../../support/eventually.js';
import { FakeAgentClient } from '../../support/fake-agent-client.js';
import { ADA, createRegistry } from '../../support/registry-bench.js';
import { conversationReset, init } from '../../support/sdk-messages.js';

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
    await registry.shutdown();
  });

  it('receives the sessions that end with the server, because their storage does', async () => {
    const forgotten: string[] = [];
    const { sdkFactory } = createFactory(async ({ sessionId }) => void forgotten.push(sessionId));
    const { registry } = createRegistry(new MemoryStorage(), { sdkFactory });
    const { id } = await registry.create({}, ADA);
    await registry.shutdown();
    expect(forgotten).toEqual([id]);
  });

  it('does not prevent a deletion by a failure', async () => {
    const storage = new MemoryStorage();
    const { sdkFactory } = createFactory(() => Promise.reject(new Error('disk')));
    const { registry } = createRegistry(storage, { sdkFactory });
    const { id } = await registry.create({}, ADA);
    await registry.delete(id, ADA);
    expect(await storage.records.get(id)).toBeNull();
    await registry.shutdown();
  });
});
