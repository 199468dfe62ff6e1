import { afterEach, describe, expect, it } from '@jest/globals';
import type { Script } from '../../src/agent-webkit/agents/scripted/script.js';
import { scriptedSdkFactory } from '../../src/agent-webkit/agents/scripted/scripted-agent-client.js';
import { type EngineObserver, observeAll } from '../../src/agent-webkit/engine/engine-observer.js';
import type { SessionRegistry } from '../../src/agent-webkit/engine/registry/session-registry.js';
import { MemoryStorage } from '../../src/agent-webkit/storage/memory/memory-storage.js';
import { eventually } from '../support/eventually.js';
import { ADA, createRegistry } from '../support/registry-bench.js';

const script: Script = async (turn) => {
  await turn.say('First I look.');
  await turn.useTool('Look', { secret: 'content' }, { run: () => 'seen' });
};

type Fact = readonly [name: string, fact: Record<string, unknown>];

/** An observer that notes every call. */
function noting(facts: Fact[]): EngineObserver {
  return new Proxy({}, { get: (_, name) => (fact: Fact[1]) => facts.push([String(name), fact]) });
}

const open: SessionRegistry[] = [];
afterEach(() => Promise.all(open.splice(0).map((registry) => registry.lifecycle.shutdown())));

async function playTurn(observer: EngineObserver, storage = new MemoryStorage()): Promise<string> {
  const sdkFactory = scriptedSdkFactory(script);
  const { registry } = createRegistry(storage, { sdkFactory, observer });
  open.push(registry);
  const session = await registry.create({}, ADA);
  const { id } = session;
  await registry.send(id, { type: 'user_message', message_id: 'm1', content: 'Hello' }, ADA);
  const asked = await eventually(() => session.info().pending[0]);
  const answer = { correlation_id: asked?.correlation_id ?? '', behavior: 'allow' } as const;
  await registry.send(id, { type: 'permission_response', ...answer }, ADA);
  await eventually(() => session.state === 'idle' || undefined);
  return id;
}

describe('an observer of the engine', () => {
  it('receives the facts of a turn in their order, without content', async () => {
    const facts: Fact[] = [];
    const sessionId = await playTurn(noting(facts));
    const names = facts.map(([name]) => name).filter((name) => name !== 'committed');
    expect(names.filter((name) => !name.startsWith('agent'))).toEqual([
      'messageAccepted',
      'turnStarted',
      'firstOutput',
      'toolStarted',
      'requestOpened',
      'requestResolved',
      'toolEnded',
      'turnEnded',
    ]);
    expect(names.filter((name) => name.startsWith('agent'))).toEqual([
      'agentStarting',
      'agentStarted',
    ]);
    expect(facts.every(([, fact]) => fact['sessionId'] === sessionId)).toBe(true);
    expect(JSON.stringify(facts)).not.toMatch(/content|First I look|Hello/);
    const of = (name: string) => facts.find(([other]) => other === name)?.[1];
    expect(of('turnEnded')).toMatchObject({ messageId: 'm1', subtype: 'success', isError: false });
    expect(of('requestOpened')).toMatchObject({ type: 'permission_request' });
    expect(of('toolEnded')).toMatchObject({ toolName: 'Look', isError: false });
    for (const [name, field] of [
      ['turnStarted', 'queuedMs'],
      ['firstOutput', 'afterMs'],
      ['turnEnded', 'durationMs'],
      ['toolEnded', 'durationMs'],
      ['requestResolved', 'openMs'],
      ['agentStarted', 'durationMs'],
      ['committed', 'durationMs'],
    ] as const) {
      expect(of(name)?.[field]).toBeGreaterThanOrEqual(0);
    }
  });

  it('receives the number and the size of the events of every commit', async () => {
    const facts: Fact[] = [];
    const storage = new MemoryStorage();
    const id = await playTurn(noting(facts), storage);
    const stored = await storage.events.read(id, 0, 500);
    const sum = (field: string) =>
      facts.reduce(
        (all, [name, fact]) => all + (name === 'committed' ? Number(fact[field]) : 0),
        0,
      );
    expect(sum('events')).toBe(stored.length);
    expect(sum('chars')).toBe(stored.reduce((all, { data }) => all + data.length, 0));
  });

  it('that throws harms nothing, and is reported once', async () => {
    const errors: string[] = [];
    const facts: Fact[] = [];
    const failing = new Proxy(
      {},
      {
        get: () => () => {
          throw new Error('full');
        },
      },
    );
    await playTurn(
      observeAll([failing, noting(facts)], { error: (message) => errors.push(message) }),
    );
    expect(facts.map(([name]) => name)).toContain('turnEnded');
    expect(errors).toEqual(['An observer of the engine failed (committed).']);
  });
});
