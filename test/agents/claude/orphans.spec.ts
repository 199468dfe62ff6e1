import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SessionKey, SessionStoreEntry } from '@anthropic-ai/claude-agent-sdk';
import { findProcesses } from '../../../src/agent-webkit/agents/claude/process-sweep.js';
import { MemoryTranscripts } from '../../../src/agent-webkit/storage/memory/memory-transcripts.js';
import { eventually } from '../../support/eventually.js';
import { CompiledSources } from '../../support/compiled-sources.js';
import { Program } from '../../support/program.js';
import { AgentBench, ENDLESS_COMMAND, type Subject } from './agent-bench.js';

/** The agent's adapter and what it imports. */
const FOLDERS = ['agents', 'engine', 'protocol'].map((name) => `src/agent-webkit/${name}`);

let bench: AgentBench;
let sources: CompiledSources;
beforeAll(async () => {
  bench = await AgentBench.open();
  sources = await CompiledSources.create(FOLDERS);
});
afterAll(async () => {
  await bench.close();
  await sources.remove();
});

/** Transcripts that record the project under which they are stored. */
class SeenTranscripts extends MemoryTranscripts {
  projectKey = '';

  override append(key: SessionKey, entries: SessionStoreEntry[]): Promise<void> {
    this.projectKey = key.projectKey;
    return super.append(key, entries);
  }
}

/** Starts a server in a process of its own. It and its descendants carry the marker. */
function startServer(
  content: string,
  of: { sessionId?: string; resume?: boolean; stored?: unknown[] | null } = {},
): { server: Program; marker: string } {
  const marker = randomUUID();
  const { sessionId = randomUUID(), resume = false, stored = null } = of;
  const start = {
    sessionId,
    owner: 'ada',
    resume,
    model: null,
    permissionMode: 'default',
    cwd: bench.env.cwd,
    includePartialMessages: true,
  };
  const module = sources.url('src/agent-webkit/agents/claude/claude-sdk-factory.ts');
  const script = fileURLToPath(new URL('server-with-agent.mjs', import.meta.url));
  const { overrides } = bench.env;
  const argument = JSON.stringify({ module, overrides, start, content, stored });
  const env = { AGENT_WEBKIT_PROCESS: marker };
  return { server: Program.node(script, [argument], { env, detached: true }), marker };
}

const phases = {
  idle: async (): Promise<[Program, string]> => {
    const { server, marker } = startServer('hi');
    await server.says(/^result$/m);
    return [server, marker];
  },
  streaming: async (): Promise<[Program, string]> => {
    const { server, marker } = startServer('hold');
    await server.says(/^stream_event$/m);
    return [server, marker];
  },
  'running a tool': async (): Promise<[Program, string]> => {
    const { server, marker } = startServer(`bash ${ENDLESS_COMMAND}`);
    // The server, the agent, the shell of the tool, and its child.
    await eventually(
      () => findProcesses(marker),
      (pids) => pids.length >= 4,
    );
    return [server, marker];
  },
};

describe.each(Object.entries(phases))('a Claude agent that is %s', (_phase, reach) => {
  it.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)(
    'ends with all its tools soon after %s ended its server',
    async (signal) => {
      const [server, marker] = await reach();
      expect((await findProcesses(marker)).length).toBeGreaterThanOrEqual(2);
      server.signal(signal);
      expect(await server.ended()).toBe(signal);

      await eventually(
        () => findProcesses(marker),
        (pids) => pids.length === 0,
        5000,
      );
    },
  );
});

it('a Claude agent ends when the whole process group receives the signal', async () => {
  const [server, marker] = await phases['running a tool']();
  expect(server.pid).toBeGreaterThan(1);
  process.kill(-server.pid, 'SIGKILL');

  await eventually(
    () => findProcesses(marker),
    (pids) => pids.length === 0,
    5000,
  );
});

/** Returns the files in the folders of agents that are named after a session. */
const copiesOf = async (sessionId: string): Promise<string[]> => {
  const temporary = await readdir(tmpdir());
  const folders = [
    bench.env.overrides.env['HOME'] ?? '',
    ...temporary
      .filter((name) => name.startsWith('claude-resume-'))
      .map((name) => join(tmpdir(), name)),
  ];
  const files = await Promise.all(
    folders.map((folder) => readdir(folder, { recursive: true }).catch(() => [])),
  );
  return files.flat().filter((file) => file.includes(sessionId));
};

async function spoken(options: Parameters<AgentBench['start']>[0]): Promise<Subject> {
  const agent = bench.start(options);
  await agent.turn('hi');
  return agent;
}

describe('a Claude agent whose transcripts are in the storage', () => {
  it('leaves no local copy when it ends, whether it began or resumed the conversation', async () => {
    const transcripts = new MemoryTranscripts();
    const { sessionId, client } = await spoken({ transcripts });
    expect(await copiesOf(sessionId)).not.toEqual([]);
    await client.close(1000);
    expect(await copiesOf(sessionId)).toEqual([]);

    const resumed = await spoken({ transcripts, sessionId, resume: true });
    expect(await copiesOf(sessionId)).not.toEqual([]);
    await resumed.client.close(1000);
    expect(await copiesOf(sessionId)).toEqual([]);
  });

  it.each([false, true])(
    'leaves no local copy when its server is killed (resumed: %s)',
    async (resume) => {
      const transcripts = new SeenTranscripts();
      const { sessionId, client } = await spoken({ transcripts });
      await client.close(1000);
      const { projectKey } = transcripts;
      const stored = resume ? await transcripts.load({ projectKey, sessionId }) : [];
      const { server } = startServer('hi', { sessionId, resume, stored });
      await server.says(/^result$/m);
      expect(await copiesOf(sessionId)).not.toEqual([]);
      await server.kill();
      await eventually(
        () => copiesOf(sessionId),
        (copies) => copies.length === 0,
      );
    },
  );
});
