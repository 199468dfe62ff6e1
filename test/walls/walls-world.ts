import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, realpathSync } from 'node:fs';
import { chmod, lstat, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SandboxOptions } from '../../src/agent-webkit/options/groups/sandbox.js';
import type { WorkspaceOptions } from '../../src/agent-webkit/options/groups/workspace.js';
import type { CompiledSources } from '../support/compiled-sources.js';
import type { FakeMessagesApi, Reply } from '../support/fake-messages-api.js';
import { Program } from '../support/program.js';
import { Attacker } from './attacker.js';
import { Services } from './services.js';

/** Limits of agents, as the options of the module. */
export interface Limits {
  readonly sandbox: SandboxOptions;
  readonly workspace: Pick<WorkspaceOptions, 'quotaBytes'>;
}

export interface WorldOptions {
  readonly sources: CompiledSources;
  readonly sandbox: 'required' | 'none';
  /** True to run the server as an ordinary user; only root can. */
  readonly isNobody: boolean;
  /** The limits of the agents. Default: those of the server. */
  readonly limits?: Limits;
}

/** Those that a server runs as: the user of the tests, and an ordinary one, which only root can become. */
export const USERS: readonly (readonly [string, { isNobody: boolean }])[] = [
  ['the user of the tests', { isNobody: false }],
  ...(process.getuid?.() === 0 ? [['an ordinary user', { isNobody: true }] as const] : []),
];

export interface ToolCall {
  readonly tool: string;
  readonly input: Record<string, unknown>;
  readonly id: string;
}

/**
 * A built server with the real agent, two owners, and services beside it. Everything that an agent must not
 * read contains {@link secret}.
 */
export class WallsWorld {
  readonly secret = `SECRET-${randomUUID()}`;
  readonly id = randomUUID();
  /** The calls of the model in its first answer to a message. */
  readonly calls = new Map<string, readonly ToolCall[]>();
  /** The calls of the model in its answers to a message, one in each. */
  readonly steps = new Map<string, readonly ToolCall[]>();
  readonly services = new Services(this.secret, this.id);
  readonly folder: string;
  readonly serverHome: string;
  readonly root: string;
  readonly database: string;
  readonly socket: string;
  url = '';
  /** The id of the session of the other owner. */
  victim = '';
  /** The folder of the session that attacks. */
  attackerFolder = '';
  #server: Program | null = null;
  readonly #attackers: Attacker[] = [];
  /** The files in the home of the server. */
  readonly #initial = new Map<string, string>();
  readonly #options: WorldOptions;

  constructor(options: WorldOptions) {
    this.#options = options;
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'walls-')));
    this.folder = folder;
    this.serverHome = join(folder, 'server-home');
    this.root = join(folder, 'workspace');
    this.database = join(folder, 'database', 'sessions.db');
    this.socket = join(folder, 'service.sock');
  }

  get api(): FakeMessagesApi {
    return this.services.api;
  }

  get serverPid(): number {
    return this.#server?.pid ?? 0;
  }

  /** The files in which each case writes that an agent can see if it has no walls. */
  get sharedFiles(): string[] {
    return ['/tmp', '/var/tmp', '/dev/shm'].map((path) => join(path, `walls-${this.id}`));
  }

  /** The variables of the scripts. */
  get variables(): Record<string, string> {
    const { victim } = this;
    const { tcp, http, udp } = this.services.ports;
    const addresses = Object.values(networkInterfaces())
      .flat()
      .flatMap((one) => (one?.family === 'IPv4' ? [one.address] : []));
    return {
      ID: this.id,
      ROOT: this.root,
      DB: this.database,
      SHOME: this.serverHome,
      SPID: String(this.serverPid),
      VICTIM: victim,
      VFOLDER: join(this.root, 'sessions', victim),
      VHOME: join(this.root, '.agent-webkit', 'homes', victim),
      PORT: new URL(this.url).port,
      SOCK: this.socket,
      TCP: String(tcp),
      HTTP: String(http),
      UDP: String(udp),
      ADDRESSES: [...new Set(addresses)].join(' '),
      SHARED: this.sharedFiles.join(' '),
    };
  }

  /** Opens a session of an owner. */
  async open(owner: 'alice' | 'bob', config: object = {}): Promise<Attacker> {
    const attacker = await Attacker.open(this, owner, config);
    this.#attackers.push(attacker);
    return attacker;
  }

  /** True when a file of the server does not exist any more or has other content than at the beginning. */
  async isChanged(name: string): Promise<boolean> {
    const content = await readFile(join(this.serverHome, name), 'utf8').catch(() => null);
    return content !== this.#initial.get(name);
  }

  /** The names of the server's files that have changed. */
  async changed(): Promise<string[]> {
    const names = [...this.#initial.keys()];
    const changes = await Promise.all(names.map((name) => this.isChanged(name)));
    return names.filter((_, index) => changes[index]);
  }

  exists(name: string): Promise<boolean> {
    return this.existsAt(join(this.serverHome, name));
  }

  async existsAt(path: string): Promise<boolean> {
    return (await lstat(path).catch(() => null)) !== null;
  }

  /** The lines that the server wrote. */
  get log(): string {
    return this.#server?.output ?? '';
  }

  /** Ends everything that has been started, also after an error of {@link start}. */
  async close(): Promise<void> {
    for (const attacker of this.#attackers) attacker.close();
    try {
      await this.#server?.end();
    } finally {
      await this.services.close();
      for (const file of this.sharedFiles) {
        // oxlint-disable-next-line no-await-in-loop -- three files
        await rm(file, { force: true });
      }
      await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
    }
  }

  /** Starts the services and the server. Its owner closes it, whatever happens. */
  async start(): Promise<void> {
    const { serverHome, root, secret, socket } = this;
    await chmod(this.folder, 0o755);
    for (const path of [
      serverHome,
      root,
      join(this.folder, 'database'),
      join(serverHome, '.ssh'),
      join(serverHome, '.claude'),
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- in order
      await mkdir(path, { recursive: true });
    }
    const cell = { cell_type: 'raw', id: 'a', metadata: {}, source: [secret] };
    const notebook = { cells: [cell], metadata: {}, nbformat: 4, nbformat_minor: 5 };
    const plain = ['.netrc', '.bashrc', '.ssh/id_rsa', '.ssh/authorized_keys', 'edited.txt'];
    for (const name of plain) this.#initial.set(name, secret);
    this.#initial.set('.claude/settings.json', JSON.stringify({ secret }));
    this.#initial.set('notebook.ipynb', JSON.stringify(notebook));
    for (const [name, content] of this.#initial) {
      // oxlint-disable-next-line no-await-in-loop -- in order
      await writeFile(join(serverHome, name), content);
    }
    for (const file of this.sharedFiles) {
      // oxlint-disable-next-line no-await-in-loop -- three files
      await writeFile(file, secret).catch(() => undefined);
    }
    await this.services.start(
      ({ text, toolResults }) => this.#reply(text, toolResults.length),
      socket,
    );
    if (this.#options.isNobody) {
      const files = this.sharedFiles.filter((file) => existsSync(file));
      execFileSync('chown', ['-R', '65534:65534', this.folder, ...files]);
    }
    await this.#startServer();
  }

  async #startServer(): Promise<void> {
    const { sources, sandbox, isNobody, limits } = this.#options;
    const env = {
      HOME: this.serverHome,
      NO_COLOR: '1',
      PORT: '0',
      AGENT_WEBKIT_AGENT: 'claude',
      AGENT_WEBKIT_TOKEN: `alice:alice-${this.secret},bob:bob-token-${this.id}`,
      AGENT_WEBKIT_SANDBOX: sandbox,
      AGENT_WEBKIT_WORKSPACE: this.root,
      AGENT_WEBKIT_STORAGE: `file:${this.database}`,
      AGENT_WEBKIT_ALLOWED_HOSTS: 'allowed.example.org',
      AGENT_WEBKIT_IDLE_TIMEOUT_MS: '60000',
      AGENT_WEBKIT_WARM_POOL: '0',
      ANTHROPIC_API_KEY: `key-${this.secret}`,
      ANTHROPIC_BASE_URL: this.services.upstreamUrl,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_TELEMETRY: '1',
      DISABLE_AUTOUPDATER: '1',
      SSH_AUTH_SOCK: this.socket,
      DBUS_SESSION_BUS_ADDRESS: `unix:path=${this.socket}`,
      DOCKER_HOST: `unix://${this.socket}`,
      ...(limits && { LIMITS: JSON.stringify(limits) }),
    };
    // The program of the package has no settings for limits.
    const main = sources.path(limits ? 'test/walls/limited-server.ts' : 'src/main.ts');
    const settings = { env, cwd: this.serverHome };
    const user = ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath];
    this.#server = isNobody
      ? new Program('setpriv', [...user, main], settings)
      : Program.node(main, [], settings);
    const [, url = ''] = await this.#server.says(/^Listening on (\S+)$/m);
    this.url = url;
  }

  #reply(text: string, results: number): Reply {
    const calls = this.steps.get(text)?.slice(results, results + 1) ?? [];
    if (results === 0) calls.push(...(this.calls.get(text) ?? []));
    if (calls.length === 0) return { blocks: [{ text: 'done' }] };
    return { blocks: calls.map(({ tool, input, id }) => ({ tool, input, id })) };
  }
}
