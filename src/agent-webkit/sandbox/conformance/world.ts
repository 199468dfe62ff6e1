import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SandboxCommand, SandboxProcess, SandboxWalls } from '../../engine/agent-sandbox.js';
import { inTime, NO_LIMITS, type Outcome, run } from './run.js';
import type { Subject } from './sandbox-case.js';
import { Victim } from './victim.js';

/** The directories of the programs that the scripts use. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Changes of one program to the walls, the environment or the input of the world. */
export interface Inside {
  readonly walls?: Partial<SandboxWalls>;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly args?: readonly string[];
}

/**
 * The folders of one case. `session`, `home` and `given` are inside, `server` and `other` are not, and
 * `hidden` is a folder in `session` that has to be empty inside. The scripts find them as `$SESSION` and so on.
 * Each file named `secret` contains {@link secret}, which no script knows.
 */
export class World {
  /** The text that a program inside must not learn. */
  readonly secret = `secret-${randomUUID()}`;
  /** Distinguishes the names of this case from those of others. */
  readonly id = randomUUID();
  readonly session: string;
  readonly home: string;
  readonly given: string;
  readonly server: string;
  readonly other: string;
  readonly around: string;
  readonly hidden: string;
  readonly #undo: (() => unknown)[] = [];

  private constructor(
    readonly subject: Subject,
    readonly folder: string,
  ) {
    this.session = join(folder, 'session');
    this.home = join(folder, 'home');
    this.given = join(folder, 'given');
    this.server = join(folder, 'server');
    this.other = join(folder, 'other');
    this.around = join(this.session, 'around');
    this.hidden = join(this.around, 'hidden');
  }

  static async create(subject: Subject): Promise<World> {
    const parent = await realpath(subject.folder ?? tmpdir());
    const world = new World(subject, await mkdtemp(join(parent, 'sandbox-case-')));
    world.#undo.push(() => rm(world.folder, { recursive: true, force: true, maxRetries: 3 }));
    const { session, home, given, server, other, hidden } = world;
    for (const folder of [session, home, given, server, other, hidden]) {
      // oxlint-disable-next-line no-await-in-loop -- the folder around comes first
      await mkdir(folder, { recursive: true });
    }
    await Promise.all(
      [server, other, hidden].map((folder) => writeFile(join(folder, 'secret'), world.secret)),
    );
    await writeFile(join(other, world.secret), '');
    await writeFile(join(given, 'file'), 'given');
    return world;
  }

  get walls(): SandboxWalls {
    return {
      writable: [this.session, this.home],
      readOnly: [this.given, ...(this.subject.readOnly ?? [])],
      hidden: [this.hidden],
      sockets: [],
      proxySocket: null,
      limits: NO_LIMITS,
    };
  }

  /** Runs a shell script inside to its end. */
  shell(script: string, { args = [], ...inside }: Inside = {}): Promise<Outcome> {
    return this.#run('/bin/sh', ['-c', script, 'sh', ...args], inside);
  }

  /** Runs a CommonJS script in Node inside to its end. */
  node(script: string, { args = [], ...inside }: Inside = {}): Promise<Outcome> {
    return this.#run(process.execPath, ['-e', script, ...args], inside);
  }

  /** Starts a CommonJS script in Node inside. It is killed at the end of the case. */
  startNode(script: string, inside: Inside = {}): SandboxProcess {
    const walls = { ...this.walls, ...inside.walls };
    return this.start(this.command(process.execPath, ['-e', script], inside), walls);
  }

  start(command: SandboxCommand, walls: SandboxWalls = this.walls): SandboxProcess {
    const started = this.subject.sandbox.start(command, walls);
    // The case waits for the events that it needs. An unexpected error ends no test run.
    started.on('error', () => undefined);
    this.onEnd(() => started.kill('SIGKILL'));
    return started;
  }

  command(command: string, args: readonly string[], inside: Inside = {}): SandboxCommand {
    const { session, home, given, server, other, around, hidden } = this;
    const folders = {
      SESSION: session,
      GIVEN: given,
      SERVER: server,
      OTHER: other,
      AROUND: around,
      HIDDEN: hidden,
    };
    return {
      command,
      args,
      cwd: session,
      env: { PATH, HOME: home, TMPDIR: '/tmp', ...folders, ...inside.env },
    };
  }

  /** Starts a process outside that a program inside must not reach. */
  async victim(): Promise<Victim> {
    const victim = await Victim.start(this);
    this.onEnd(() => victim.stop());
    return victim;
  }

  /** Registers what to undo at the end of the case, in reverse order. */
  onEnd(undo: () => unknown): void {
    this.#undo.push(undo);
  }

  /** Waits for the end of a program. Rejects when it cannot be started, or does not end in time. */
  end(started: SandboxProcess, input = ''): Promise<Outcome> {
    return run(started, input, this.#limitMs);
  }

  /** Rejects with the message unless the promise resolves within the limit of the cases. */
  inTime<T>(promise: Promise<T>, message: string): Promise<T> {
    return inTime(promise, message, this.#limitMs);
  }

  get #limitMs(): number {
    return this.subject.limitMs ?? 20_000;
  }

  async close(): Promise<void> {
    for (const undo of this.#undo.toReversed()) {
      // oxlint-disable-next-line no-await-in-loop -- in reverse order
      await undo();
    }
  }

  #run(program: string, args: readonly string[], inside: Inside): Promise<Outcome> {
    const command = this.command(program, args, inside);
    return this.end(this.start(command, { ...this.walls, ...inside.walls }), inside.input);
  }
}
