import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { AgentSandbox } from '../../src/agent-webkit/engine/agent-sandbox.js';
import { type ClaudeEnv, createClaudeEnv } from '../support/claude-env.js';
import {
  type FakeMessagesApi,
  type ModelRequest,
  type Reply,
  startFakeMessagesApi,
} from '../support/fake-messages-api.js';
import { describeNeeding } from '../support/needs.js';
import { createFolders, missingSandbox, SANDBOX, WALLS } from '../support/walls.js';
import { Subject } from '../agents/claude/agent-bench.js';
import { claudeSdkFactory } from '../../src/agent-webkit/agents/claude/claude-sdk-factory.js';
import { type LoopbackHosts, startHosts } from './support/loopback-hosts.js';
import { NetworkBench } from './support/network-bench.js';

/** Calls WebFetch, summarizes the page by its text, and repeats the result of the tool. */
function model({ text, toolResults }: ModelRequest): Reply {
  const page = /hello from the host/.exec(text);
  if (page) return { blocks: [{ text: `The page says: ${page[0]}` }] };
  if (toolResults.length > 0) return { blocks: [{ text: JSON.stringify(toolResults) }] };
  return { blocks: [{ tool: 'WebFetch', input: { url: text, prompt: 'What does it say?' } }] };
}

let bench: NetworkBench;
let hosts: LoopbackHosts;
let folder: string;
let api: FakeMessagesApi;
let env: ClaudeEnv;
let agent: Subject;

/** The sandbox of this system, with the proxy of the test in place of the server's. */
const sandbox: AgentSandbox = {
  name: SANDBOX.name,
  endsWithServer: SANDBOX.endsWithServer,
  check: () => SANDBOX.check(),
  start: (command, walls) => SANDBOX.start(command, { ...walls, proxySocket: bench.socket }),
};

function startAgent(): Subject {
  const { overrides, cwd, home } = env;
  const variables = { ...overrides.env, NODE_EXTRA_CA_CERTS: hosts.authority };
  const factory = claudeSdkFactory({ ...overrides, env: variables });
  const client = factory({
    sessionId: crypto.randomUUID(),
    conversationId: crypto.randomUUID(),
    owner: 'ada',
    resume: false,
    model: null,
    permissionMode: 'default',
    cwd,
    includePartialMessages: false,
    canUseTool: async (_name, input) => ({ behavior: 'allow', updatedInput: input }),
    walls: { ...WALLS!, sandbox, readOnly: [hosts.authority], allow: ['files.example.org'] },
    folders: createFolders(home, 'session', cwd),
  });
  return new Subject(client, 'session');
}

describeNeeding(missingSandbox)('The tool WebFetch of an agent in a sandbox', () => {
  beforeEach(async () => {
    folder = mkdtempSync(join(realpathSync(tmpdir()), 'hosts-'));
    bench = new NetworkBench();
    hosts = await startHosts(bench, folder);
    await bench.open({ allow: ['files.example.org'] }, hosts.ports);
    api = await startFakeMessagesApi(model);
    env = await createClaudeEnv(api.url);
    agent = startAgent();
  });
  afterEach(async () => {
    await agent.client.close(0);
    await bench.close();
    await api.close();
    await env.close();
    rmSync(folder, { recursive: true });
  });

  it('reads a page of a permitted host, and asks no other server about the host', async () => {
    expect(await agent.turn('https://files.example.org/hello')).toContain(
      'The page says: hello from the host',
    );
    expect(hosts.requests).toEqual(['GET files.example.org/hello']);
    expect(bench.warnings).toEqual([]);
  });

  it('reads no page of another host', async () => {
    const result = await agent.turn('https://evil.example/hello');
    expect(result).not.toContain('The page says');
    expect(hosts.requests).toEqual([]);
  });
});
