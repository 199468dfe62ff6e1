import { EventEmitter } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { openEnclosure } from '../../../src/agent-webkit/agents/claude/enclosure.js';
import type { ClaudeOverrides } from '../../../src/agent-webkit/agents/claude/claude-options.js';
import type { GatewayFunctions } from '../../../src/agent-webkit/agents/claude/gateways.js';
import type { AgentStart } from '../../../src/agent-webkit/engine/agent-client.js';
import type {
  AgentSandbox,
  SandboxCommand,
  SandboxProcess,
  SandboxWalls,
} from '../../../src/agent-webkit/engine/agent-sandbox.js';
import { MemoryTranscripts } from '../../../src/agent-webkit/storage/memory/memory-transcripts.js';

const LIMITS = {
  memoryBytes: null,
  processes: null,
  cpus: null,
  cpuSeconds: null,
  fileBytes: null,
  tempBytes: null,
};
const FOLDERS = { folder: '/srv/work', home: '/srv/home', memory: null, hidden: ['/srv/other'] };

/** A sandbox that starts nothing, and remembers what it should have started. */
class NotedSandbox implements AgentSandbox {
  readonly name = 'noted';
  readonly endsWithServer = true;
  readonly starts: { command: SandboxCommand; walls: SandboxWalls }[] = [];

  async check(): Promise<null> {
    return null;
  }

  start(command: SandboxCommand, walls: SandboxWalls): SandboxProcess {
    this.starts.push({ command, walls });
    const pipes = {
      stdin: new PassThrough(),
      stdout: new PassThrough(),
      stderr: new PassThrough(),
    };
    const state = { killed: false, exitCode: null, kill: () => true };
    return Object.assign(new EventEmitter(), pipes, state);
  }
}

/** Gateways that do nothing but remember that they were opened and closed. */
class NotedGateways implements GatewayFunctions {
  readonly open = new Set<string>();
  environment: Readonly<Record<string, string | undefined>> = {};
  failure: Error | null = null;

  readonly openModel: GatewayFunctions['openModel'] = async ({ socket, environment }) => {
    this.environment = environment;
    const usage = { requests: 0, inputTokens: 0, outputTokens: 0 } as never;
    return {
      ...this.#note(socket),
      usage,
      environment: { ANTHROPIC_API_KEY: 'placeholder', ANTHROPIC_UNIX_SOCKET: socket },
    };
  };

  readonly openNetwork: GatewayFunctions['openNetwork'] = async ({ socket }) => {
    if (this.failure) throw this.failure;
    return this.#note(socket);
  };

  #note(socket: string) {
    this.open.add(socket);
    return {
      close: async () => {
        this.open.delete(socket);
      },
    };
  }
}

interface Opening {
  start?: Partial<AgentStart>;
  allow?: string[];
  overrides?: ClaudeOverrides;
  isResumed?: boolean;
}

async function open({ start, allow = [], overrides = {}, isResumed = false }: Opening = {}) {
  const sandbox = new NotedSandbox();
  const gateways = new NotedGateways();
  const whole: AgentStart = {
    sessionId: 'session',
    conversationId: 'session',
    owner: 'ann',
    resume: isResumed,
    model: null,
    permissionMode: 'default',
    cwd: '/srv/work',
    includePartialMessages: true,
    canUseTool: async () => ({ behavior: 'deny', message: '' }),
    folders: FOLDERS,
    walls: { sandbox, limits: LIMITS, readOnly: [], allow },
    ...start,
  };
  const opening = openEnclosure(whole, overrides, isResumed, gateways);
  return { opening, sandbox, gateways };
}

/** Opens the enclosure and starts a process in it. */
async function started(options: Opening = {}) {
  const { opening, sandbox, gateways } = await open(options);
  const enclosure = await opening;
  if (enclosure === null) throw new Error('The agent has no walls.');
  const env = enclosure.overrides.env ?? {};
  enclosure.start({ command: process.execPath, args: ['--x'], env });
  const [{ command, walls } = {}] = sandbox.starts;
  if (!command || !walls) throw new Error('Nothing was started.');
  return { enclosure, gateways, command, walls, runtime: dirname(walls.sockets[0] ?? '') };
}

describe('what surrounds an agent in a sandbox', () => {
  it('is nothing without walls', async () => {
    const { opening } = await open({ start: { walls: undefined } as never });
    expect(await opening).toBeNull();
  });

  it('consists of its folders and one socket, and is no longer there when it is closed', async () => {
    const { enclosure, gateways, command, walls, runtime } = await started();
    expect(walls).toEqual({
      writable: ['/srv/work', '/srv/home'],
      readOnly: [],
      hidden: ['/srv/other'],
      sockets: [...gateways.open],
      proxySocket: null,
      limits: LIMITS,
    });
    expect(command).toMatchObject({ args: ['--x'], cwd: '/srv/work' });
    expect(command.env).toMatchObject({
      HOME: '/srv/home',
      CLAUDE_CONFIG_DIR: '/srv/home',
      TMPDIR: '/tmp',
      ANTHROPIC_API_KEY: 'placeholder',
    });
    expect(statSync(runtime).mode & 0o777).toBe(0o700);
    await enclosure.close();
    expect(existsSync(runtime)).toBe(false);
    expect(gateways.open.size).toBe(0);
  });

  it('contains the network only where hosts are permitted', async () => {
    const { enclosure, gateways, walls } = await started({ allow: ['example.org'] });
    expect(walls.proxySocket).toMatch(/network\.sock$/);
    expect(gateways.open.size).toBe(2);
    await enclosure.close();
    expect(gateways.open.size).toBe(0);
  });

  it('is not there when a part of it cannot be opened', async () => {
    const { gateways, opening } = await open({ allow: ['example.org'] });
    gateways.failure = new Error('no socket');
    await expect(opening).rejects.toThrow('no socket');
    expect(gateways.open.size).toBe(0);
  });

  it('passes the credentials of the host to the gateway, and not to the agent', async () => {
    const { enclosure, gateways, command } = await started({
      overrides: {
        env: { ANTHROPIC_AUTH_TOKEN: 'secret', REGION: 'eu' },
        settings: { env: { ANTHROPIC_BASE_URL: 'https://models.example' } },
      },
    });
    expect(gateways.environment).toMatchObject({
      ANTHROPIC_AUTH_TOKEN: 'secret',
      ANTHROPIC_BASE_URL: 'https://models.example',
    });
    expect(command.env).toMatchObject({ REGION: 'eu' });
    expect(JSON.stringify([command, enclosure.overrides])).not.toMatch(/secret|models\.example/);
    await enclosure.close();
  });

  it('gives the SDK no file of the agent to copy when it resumes from a store', async () => {
    const start = { transcripts: new MemoryTranscripts() };
    const { enclosure, command, walls, runtime } = await started({ start, isResumed: true });
    expect(command.env['CLAUDE_CONFIG_DIR']).toBe(`${runtime}/config`);
    expect(walls.writable).toContain(`${runtime}/config`);
    await enclosure.close();
  });

  it('is not there with settings in a folder that agents write', async () => {
    const { opening } = await open({ overrides: { settings: '/srv/work/settings.json' } });
    await expect(opening).rejects.toThrow('in a folder that agents write');
  });

  it.each<[string, ClaudeOverrides]>([
    ['apiKeyHelper', { settings: { apiKeyHelper: '/bin/key' } }],
    ['apiKeyHelper', { settings: '{"apiKeyHelper":"/bin/key"}' }],
    ['getOAuthToken', { getOAuthToken: async () => 'secret' } as ClaudeOverrides],
  ])('refuses %s, with which the credentials would be inside', async (name, overrides) => {
    const { opening } = await open({ overrides });
    await expect(opening).rejects.toThrow(`\`${name}\` does not work in a sandbox`);
  });
});
