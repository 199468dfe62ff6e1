import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AgentWalls } from '../../../src/agent-webkit/engine/agent-client.js';
import type { SessionKey, SessionStoreEntry } from '@anthropic-ai/claude-agent-sdk';
import { findProcesses } from '../../../src/agent-webkit/agents/claude/process-sweep.js';
import { MemoryTranscripts } from '../../../src/agent-webkit/storage/memory/memory-transcripts.js';
import { eventually } from '../../support/eventually.js';
import { CompiledSources } from '../../support/compiled-sources.js';
import { Program } from '../../support/program.js';
import { describeNeeding } from '../../support/needs.js';
import { createFolders, missingSandbox, WALLS, withoutLaunchers } from '../../support/walls.js';
import {
  AgentBench,
  ENDLESS_COMMAND,
  findMarked,
  MARKER_VARIABLE,
  type Subject,
} from './agent-bench.js';

/** The agent's adapter and what it imports. */
const FOLDERS = ['agents', 'engine', 'gateway', 'protocol', 'sandbox'].map(
  (name) => `src/agent-webkit/${name}`,
);

let bench: AgentBench;
let sources: CompiledSources;
beforeAll(async () => {
  bench = await AgentBench.open(null);
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

interface ServerOptions {
  sessionId?: string;
  resume?: boolean;
  stored?: unknown[] | null;
  walls?: AgentWalls | null;
  /** Its folder for temporary files. @default that of the tests */
  temporary?: string;
}

/** Finds a server and its agents. An agent in a sandbox has no variable of its server. */
async function findAll(marker: string): Promise<number[]> {
  return [...new Set([...(await findProcesses(marker)), ...(await findMarked(marker))])];
}

/** Starts a server in a process of its own. It and its descendants carry the marker. */
function startServer(content: string, of: ServerOptions = {}): { server: Program; marker: string } {
  const marker = randomUUID();
  const { sessionId = randomUUID(), resume = false, stored = null, walls = null } = of;
  const { temporary = tmpdir() } = of;
  const start = {
    sessionId,
    owner: 'ada',
    resume,
    model: null,
    permissionMode: 'default',
    cwd: bench.env.cwd,
    includePartialMessages: true,
    ...(walls && { folders: createFolders(bench.homes, sessionId, bench.env.cwd) }),
  };
  const sandbox = walls && sources.url('src/agent-webkit/sandbox/system-sandbox.ts');
  const module = sources.url('src/agent-webkit/agents/claude/claude-sdk-factory.ts');
  const script = fileURLToPath(new URL('server-with-agent.mjs', import.meta.url));
  const agentEnv = { ...bench.env.overrides.env, [MARKER_VARIABLE]: marker };
  const overrides = { ...bench.env.overrides, env: agentEnv };
  const input = { module, overrides, start, content, stored, sandbox, walls };
  const argument = JSON.stringify(input);
  const env = { AGENT_WEBKIT_PROCESS: marker, TMPDIR: temporary };
  return { server: Program.node(script, [argument], { env, detached: true }), marker };
}

const phases = {
  idle: async (of: ServerOptions): Promise<[Program, string]> => {
    const { server, marker } = startServer('hi', of);
    await server.says(/^result$/m);
    return [server, marker];
  },
  streaming: async (of: ServerOptions): Promise<[Program, string]> => {
    const { server, marker } = startServer('hold', of);
    await server.says(/^stream_event$/m);
    return [server, marker];
  },
  'running a tool': async (of: ServerOptions): Promise<[Program, string]> => {
    const { server, marker } = startServer(`bash ${ENDLESS_COMMAND}`, of);
    // The server, the agent, the shell of the tool, and its child.
    await eventually(
      async () => withoutLaunchers(await findAll(marker)),
      (pids) => pids.length >= 4,
    );
    return [server, marker];
  },
};

const CASES = Object.entries(phases).flatMap(([phase, reach]) => [
  { phase, reach, where: 'in a sandbox', walls: WALLS ?? null, missing: missingSandbox },
  { phase, reach, where: 'without a sandbox', walls: null, missing: null },
]);

for (const { phase, reach, where, walls, missing } of CASES)
  describeNeeding(missing)(`a Claude agent ${where} that is ${phase}`, () => {
    it.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)(
      'ends with all its tools soon after %s ended its server',
      async (signal) => {
        const [server, marker] = await reach({ walls });
        expect((await findAll(marker)).length).toBeGreaterThanOrEqual(2);
        server.signal(signal);
        expect(await server.ended()).toBe(signal);

        await eventually(
          () => findAll(marker),
          (pids) => pids.length === 0,
          5000,
        );
      },
    );
  });

it('a Claude agent ends when the whole process group receives the signal', async () => {
  const [server, marker] = await phases['running a tool']({ walls: WALLS ?? null });
  expect(server.pid).toBeGreaterThan(1);
  process.kill(-server.pid, 'SIGKILL');

  await eventually(
    () => findAll(marker),
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
  it.each([WALLS ?? null, null])(
    'leaves no folder of its own when its server is killed',
    async (walls) => {
      // Short, because a path of a socket is short.
      const temporary = await realpath(await mkdtemp(join(tmpdir(), 'o-')));
      const { server } = startServer('hi', { stored: [], walls, temporary });
      await server.says(/^result$/m);
      if (walls) expect(await readdir(temporary)).toHaveLength(1);
      await server.kill();
      await eventually(async () => (await readdir(temporary)).length === 0);
      await rm(temporary, { recursive: true });
    },
  );

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
