import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { result, stream } from '../../support/sdk-messages.js';
import { ADA, createRegistry } from '../../support/registry-bench.js';
import { settle, stopTime, user } from '../../support/session-bench.js';

async function refilled(): Promise<void> {
  await jest.advanceTimersByTimeAsync(1000);
  await settle();
}

const toolUse = { type: 'tool_use', id: 'toolu_1', name: 'Bash' };
const DELTAS = [
  stream({ type: 'message_start', message: { id: 'm' } }),
  stream({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'a' } }),
  stream({ type: 'content_block_start', index: 1, content_block: toolUse }),
  stream({
    type: 'content_block_delta',
    index: 1,
    delta: { type: 'input_json_delta', partial_json: '{' },
  }),
];

describe('the warm pool', () => {
  const elsewhere = 'elsewhere';
  let storage: MemoryStorage;
  let bench: ReturnType<typeof createRegistry>;
  const open = async (options: Parameters<typeof createRegistry>[1] = {}) => {
    storage = new MemoryStorage();
    bench = createRegistry(storage, { warmPool: 2, ...options });
    await bench.registry.lifecycle.start();
  };
  beforeEach(stopTime);
  afterEach(async () => {
    await bench.registry.lifecycle.shutdown();
    expect(bench.living()).toBe(0);
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it('gives its agent to the next session and starts another one in its place', async () => {
    await open();
    const [first] = bench.agents;
    const session = await bench.registry.create({}, ADA);
    await settle();
    expect(session.id).toBe(first?.start.sessionId);
    expect(bench.agents).toHaveLength(2);
    await refilled();
    expect(bench.agents).toHaveLength(3);

    await session.accept(user('hi'), ADA);
    expect(await first?.received(1)).toMatchObject({ content: 'hi' });
    const asked = first?.ask('Bash', { command: 'ls' }, { toolUseID: 'toolu_1' });
    await settle();
    expect(session.info().pending).toMatchObject([{ correlation_id: 'toolu_1' }]);
    const allow = { type: 'permission_response', correlation_id: 'toolu_1', behavior: 'allow' };
    await session.accept(allow as never, ADA);
    expect(await asked).toMatchObject({ behavior: 'allow' });
    const elicited = first?.askPeople('elicitation', { serverName: 'crm', message: 'Who?' });
    await settle();
    const correlation_id = session.info().pending[0]?.correlation_id ?? '';
    const decline = { type: 'elicitation_response', correlation_id, action: 'decline' } as const;
    await session.accept(decline, ADA);
    expect(await elicited).toEqual({ action: 'decline' });
    first?.say(result());
    await settle();
    expect(session.state).toBe('idle');

    const key = { projectKey: 'p', sessionId: session.id };
    await first?.start.transcripts?.append(key, [{ type: 'user' }]);
    expect(await storage.transcripts.load(key)).toEqual([{ type: 'user' }]);
  });

  it('sets the model and the permission mode that the session requests', async () => {
    await open();
    await bench.registry.create({ model: 'opus', permission_mode: 'plan' }, ADA);
    await settle();
    expect(bench.agents[0]?.calls).toEqual(['setModel opus', 'setPermissionMode plan']);
  });

  it('keeps its agent when a session requests a value that a running agent cannot change', async () => {
    await open();
    const session = await bench.registry.create({ cwd: elsewhere }, ADA);
    await refilled();
    expect(bench.agents.map(({ start }) => start.sessionId).indexOf(session.id)).toBe(2);
  });

  it('serves sessions with and without partial messages, and drops the deltas that were not requested', async () => {
    await open();
    const sessions = [
      await bench.registry.create({ include_partial_messages: true }, ADA),
      await bench.registry.create({ include_partial_messages: false }, ADA),
    ];
    await settle();
    expect(bench.agents.map(({ start }) => start.sessionId)).toEqual(sessions.map(({ id }) => id));
    const deltas = sessions.map(async (session, index) => {
      const agent = bench.agents[index];
      await session.accept(user('hi'), ADA);
      await agent?.received(1);
      agent?.say(...DELTAS);
      await settle();
      const { events } = await session.read(0, 100);
      return events.map(({ name }) => name).filter((name) => name === 'message_delta');
    });
    expect(await Promise.all(deltas)).toEqual([['message_delta', 'message_delta'], []]);
  });

  it('replaces its agents a second after the first of many claims', async () => {
    await open();
    await bench.registry.create({}, ADA);
    await jest.advanceTimersByTimeAsync(600);
    await bench.registry.create({}, ADA);
    await jest.advanceTimersByTimeAsync(399);
    expect(bench.agents).toHaveLength(2);
    await jest.advanceTimersByTimeAsync(1);
    expect(bench.agents).toHaveLength(4);
  });

  it('removes the folders of agents that no session has claimed, and not those of a session', async () => {
    await open();
    await settle();
    const [claimed, unclaimed] = bench.agents;
    expect(bench.folders.ids.size).toBe(2);
    const creating = bench.registry.create({}, ADA);
    claimed?.die('out of memory');
    const session = await creating;
    unclaimed?.die('out of memory');
    await settle();
    expect(session.id).toBe(claimed?.start.sessionId);
    expect([...bench.folders.ids]).toEqual([session.id]);
  });

  it('does not hand out an agent that has died', async () => {
    await open();
    bench.agents[0]?.die('out of memory');
    await settle();
    const session = await bench.registry.create({}, ADA);
    expect(session.id).toBe(bench.agents[1]?.start.sessionId);
  });

  it('stops a claimed agent when the creation of its session is rejected', async () => {
    await open({ maxSessionsPerOwner: 1 });
    await bench.registry.create({}, ADA);
    await expect(bench.registry.create({}, ADA)).rejects.toMatchObject({
      code: 'too_many_sessions',
    });
    await refilled();
    // The first session's agent, and two that are ready.
    expect(bench.living()).toBe(3);
  });

  it('stops its agents when no session is created for a while, and starts them again after the next one', async () => {
    await open();
    await jest.advanceTimersByTimeAsync(10 * 60 * 1000);
    expect(bench.living()).toBe(0);
    await bench.registry.create({}, ADA);
    await refilled();
    expect(bench.living()).toBe(3);
  });

  it('gives its slots to sessions and never exceeds the number of slots', async () => {
    await open({ maxAgents: 2 });
    await bench.registry.create({}, ADA);
    const second = await bench.registry.create({ cwd: elsewhere }, ADA);
    await second.accept(user('hi'), ADA);
    await settle();
    expect(bench.living()).toBe(2);
    expect(second.state).toBe('running');
  });
});
