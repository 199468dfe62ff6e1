import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AgentSandbox } from '../../src/agent-webkit/engine/agent-sandbox.js';
import type { SessionEngine } from '../../src/agent-webkit/engine/registry/session-engine.js';
import {
  createSessionEngine,
  type SessionEngineOptions,
} from '../../src/agent-webkit/hosting/create-session-engine.js';
import { noSandbox } from '../../src/agent-webkit/sandbox/no-sandbox.js';
import { SqliteStorage } from '../../src/agent-webkit/storage/sqlite/sqlite-storage.js';
import { eventually } from '../support/eventually.js';
import { fakeAgents } from '../support/fake-agent-client.js';

const ADA = { id: 'ada' };
const quiet = () => undefined;
/** A sandbox that works as far as the engine sees. */
const sandbox: AgentSandbox = { ...noSandbox(''), name: 'fake', check: async () => null };

describe('The hosts that an agent can reach', () => {
  let root: string;
  let agents: ReturnType<typeof fakeAgents>;
  let engine: SessionEngine | null = null;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'network-'));
  });
  afterEach(async () => {
    await engine?.stop();
    rmSync(root, { recursive: true });
  });

  async function start(
    allow: readonly string[],
    configured: readonly string[] | null,
    agent: SessionEngineOptions['agent'] = {},
  ): Promise<SessionEngine> {
    await engine?.stop();
    agents = fakeAgents();
    engine = createSessionEngine({
      storage: new SqliteStorage({ file: join(root, 'sessions.db') }),
      logger: { log: quiet, warn: quiet, error: quiet },
      workspace: { root },
      sandbox: { use: sandbox },
      network: { allow },
      agent: { sdkFactory: Object.assign(agents.factory, { usesWalls: true }), ...agent },
      hooks: {
        configureSession: () => (configured ? { network: { allow: configured } } : undefined),
      },
    });
    await engine.start();
    return engine;
  }

  const startedWith = async (n: number) => {
    await eventually(() => agents.agents.length > n);
    return agents.agents[n]?.start.walls?.allow;
  };

  it('are those of the option', async () => {
    const server = await start(['example.org'], null);
    const session = await server.create({}, ADA);
    await session.send({ type: 'user_message', content: 'hi' });
    expect(await startedWith(0)).toEqual(['example.org']);
  });

  it('are those of the session instead, also after a restart with another option', async () => {
    const server = await start(['example.org'], ['*.example.net']);
    const session = await server.create({}, ADA);
    await session.send({ type: 'user_message', content: 'hi' });
    expect(await startedWith(0)).toEqual(['*.example.net']);
    expect(await session.info()).toMatchObject({ network: ['*.example.net'] });

    const restarted = await start(['other.example'], null);
    const found = restarted.get(session.id, ADA);
    await found.send({ type: 'user_message', content: 'hi again' });
    expect(await startedWith(0)).toEqual(['*.example.net']);
  });

  it('can be none for one session', async () => {
    const server = await start(['example.org'], []);
    const session = await server.create({}, ADA);
    await session.send({ type: 'user_message', content: 'hi' });
    expect(await startedWith(0)).toEqual([]);
  });

  it('are never those of an agent that was started ahead for others', async () => {
    const server = await start(['example.org'], ['example.net'], { warmPool: 1 });
    expect(await startedWith(0)).toEqual(['example.org']);
    const session = await server.create({}, ADA);
    await session.send({ type: 'user_message', content: 'hi' });
    expect(await startedWith(1)).toEqual(['example.net']);
    expect(agents.agents[1]?.start.sessionId).toBe(session.id);
    expect(agents.agents[0]?.inputs).toEqual([]);
  });
});
