import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Query, SDKMessage } from '@anthropic-ai/claude-agent-sdk';
import { loadSdk } from '../../../src/agent-webkit/agents/claude/claude-sdk.js';
import type { AgentWalls } from '../../../src/agent-webkit/engine/agent-client.js';
import { withServerDefaults } from '../../../src/agent-webkit/agents/claude/server-defaults.js';
import { plain, readTable } from '../../docs/markdown.js';
import { AgentBench } from './agent-bench.js';

const START = { cwd: '/', model: null };

let bench: AgentBench;
beforeAll(async () => {
  bench = await AgentBench.open();
});
afterEach(() => bench.clear());
afterAll(() => bench.close());

/** The offers of an agent, in its first message. */
type Surface = Record<'tools' | 'skills' | 'slash_commands' | 'agents', string[]> & {
  plugins: { name: string }[];
};

/** Returns the rows of a table of the page, by the names in the first column. */
function documented(heading: string): Map<string, string[]> {
  return new Map(
    readTable('docs/claude-code.md', heading).flatMap(([names = '', ...rest]) =>
      names.split(', ').map((name): [string, string[]] => [plain(name).replace(/^\//, ''), rest]),
    ),
  );
}

/** Returns the names in a table whose second column has this text. */
const documentedAs = (heading: string, text: string) =>
  [...documented(heading)].filter(([, [cell]]) => cell === text).map(([name]) => name);

/** Returns the names that are in none of these tables. */
const unknown = (names: string[], ...headings: string[]) =>
  names.filter((name) => !headings.some((heading) => documented(heading).has(name)));

/** The tools that an agent lists by another name than it is called by. */
const RENAMED: Record<string, string> = { Task: 'Agent' };
const named = (tools: string[]) => tools.map((tool) => RENAMED[tool] ?? tool);

/** Starts Claude Code as the SDK does by itself. */
async function startPlain(): Promise<Surface> {
  const query: Query = (await loadSdk())({
    prompt: 'hello',
    options: { ...bench.env.overrides, cwd: bench.env.cwd, persistSession: false },
  });
  const messages: SDKMessage[] = [];
  for await (const message of query) messages.push(message);
  return messages.find(({ type }) => type === 'system') as unknown as Surface;
}

async function start(...[configuration]: [Parameters<AgentBench['start']>[1]?]): Promise<Surface> {
  const agent = bench.start({}, configuration);
  agent.send('hello');
  return (await agent.next('system', 'init')) as Surface;
}

// An update of the SDK that adds a tool, a skill or a command fails here: decide about it, then add it to
// the page, and to the defaults if no agent should have it.
describe('The page about Claude Code', () => {
  it('lists every tool, sub-agent, plugin, skill and command that Claude Code offers by itself', async () => {
    const { tools, skills, slash_commands: commands, agents, plugins } = await startPlain();
    expect({
      tools: unknown(named(tools), 'tools'),
      agents: unknown(agents, 'agents'),
      plugins: unknown(
        plugins.map(({ name }) => name),
        'plugins',
      ),
      skills: unknown(skills, 'skills'),
      commands: unknown(commands, 'commands', 'other-commands', 'skills'),
    }).toEqual({ tools: [], agents: [], plugins: [], skills: [], commands: [] });
  });

  it('lists the tools and the plugins that an agent has, and no skills', async () => {
    const { tools, skills, plugins } = await start();
    expect(plugins.map(({ name }) => name).toSorted()).toEqual(
      documentedAs('plugins', 'yes').toSorted(),
    );
    expect(named(tools).toSorted()).toEqual(documentedAs('tools', 'yes').toSorted());
    expect(skills).toEqual([]);
    const { disallowedTools } = withServerDefaults({}, START);
    const denied = documentedAs('tools', 'no');
    expect(disallowedTools.filter((tool) => !tool.includes('(')).toSorted()).toEqual(
      denied.toSorted(),
    );
  });

  it('lists the variables that are set', () => {
    const { env } = withServerDefaults({ env: {} }, START);
    const table = readTable('docs/claude-code.md', 'environment').map(([variable, , value]) => [
      plain(variable),
      plain(value),
    ]);
    expect(table).toEqual(Object.entries(env));
  });
});

/** Starts a proxy that refuses and records every connection. */
async function startProxy() {
  const targets: string[] = [];
  const proxy = createServer((request, response) => {
    targets.push(String(request.url));
    response.writeHead(502).end();
  });
  proxy.on('connect', (request, socket) => {
    targets.push(String(request.url));
    // The agent may have gone.
    socket.on('error', () => {});
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo;
  return { targets, url: `http://127.0.0.1:${port}`, close: () => proxy.close() };
}

describe('An agent', () => {
  it('connects to no other server than the model', async () => {
    const proxy = await startProxy();
    const {
      PATH = '',
      HOME = '',
      ANTHROPIC_API_KEY = '',
      ANTHROPIC_BASE_URL = '',
    } = bench.env.overrides.env;
    const env = {
      PATH,
      HOME,
      CLAUDE_CONFIG_DIR: HOME,
      ANTHROPIC_API_KEY,
      ANTHROPIC_BASE_URL,
      HTTPS_PROXY: proxy.url,
      HTTP_PROXY: proxy.url,
      NO_PROXY: '127.0.0.1',
    };
    const run = async (variables: Record<string, string>) => {
      // Inside walls, it would reach no proxy.
      const unwalled = { walls: undefined, folders: undefined } as object;
      const agent = bench.start(unwalled, { env: { ...env, ...variables } });
      await agent.turn('hello');
      await agent.client.close(2000);
      return proxy.targets.splice(0);
    };
    expect(await run({})).toEqual([]);
    // The proxy would have seen it.
    expect(await run({ CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '' })).not.toEqual([]);
    proxy.close();
  });
});

describe('A host', () => {
  it('turns on what it names', async () => {
    const { env } = bench.env.overrides;
    const { tools, skills } = await start({
      env: { ...env, CLAUDE_CODE_DISABLE_BUNDLED_SKILLS: '' },
      allowedTools: ['ScheduleWakeup'],
    });
    expect(tools).toContain('ScheduleWakeup');
    expect(tools).not.toContain('CronCreate');
    expect(skills).toContain('simplify');
  });

  it('adds to the tools that no agent has', async () => {
    const { tools } = await start({ disallowedTools: ['WebFetch'] });
    expect(tools).not.toContain('WebFetch');
    expect(tools).not.toContain('SendMessage');
  });

  it('overrides single settings', () => {
    const own = {
      disableRemoteControl: false,
      enabledPlugins: { 'a@b': true },
      permissions: { ask: ['Write'] },
    };
    const settings = {
      crossSessionInbound: 'refuse',
      disableRemoteControl: false,
      autoUploadSessions: false,
      idleCompaction: false,
      enabledPlugins: { 'cc-plugin-plugin-authoring@builtin': false, 'a@b': true },
      permissions: { ask: ['Bash(ps:*)', 'Bash(pgrep:*)', 'Bash(lsof:*)', 'Write'] },
    };
    expect(withServerDefaults({ settings: own }, START).settings).toEqual(settings);
    expect(withServerDefaults({ settings: JSON.stringify(own) }, START).settings).toEqual(settings);
  });

  it('decides whether an agent in a sandbox asks about a host before it reads a page of it', () => {
    const walled = { ...START, walls: {} as AgentWalls };
    const name = 'skipWebFetchPreflight';
    expect(withServerDefaults({}, walled).settings).toHaveProperty(name, true);
    const settings = { [name]: false };
    expect(withServerDefaults({ settings }, walled).settings).toHaveProperty(name, false);
    expect(withServerDefaults({}, START).settings).not.toHaveProperty(name);
  });

  it('limits the models of sub-agents by the permitted models', () => {
    const limited = { ...START, model: 'opus', models: ['haiku'] };
    const { settings } = withServerDefaults({}, limited);
    expect(settings).toMatchObject({ availableModels: ['haiku', 'opus'] });
    expect(withServerDefaults({}, START).settings).not.toHaveProperty('availableModels');
    const own = { availableModels: ['sonnet'] };
    expect(withServerDefaults({ settings: own }, limited).settings).toMatchObject(own);
  });
});
