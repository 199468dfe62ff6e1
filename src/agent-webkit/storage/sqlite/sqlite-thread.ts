import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import {
  type Mode,
  type Query,
  type Row,
  runSqliteThread,
  type ThreadAnswer,
  type ThreadOptions,
  type ThreadRequest,
  type Unit,
  type UnitResult,
} from './thread-program.js';

interface Pending {
  resolve: (results: UnitResult[]) => void;
  reject: (error: SqliteStorageError) => void;
}

/** A thread that cannot begin, or dies, is started again this much later at the earliest. */
const RESTART_INTERVAL_MS = 1000;

/** The database did not do what it was asked to. It may do so later, when the cause is gone. */
export class SqliteStorageError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SqliteStorageError';
  }
}

/**
 * A SQLite database in a thread of its own, where its waiting for the disk holds up nobody else.
 *
 * The thread is started by the first request. When it could not begin or has died, all requests
 * it had are rejected, and a later one starts it again. While it has nothing to do it keeps no
 * process alive.
 */
export class SqliteThread {
  readonly #options: ThreadOptions;
  readonly #createWorker: (options: ThreadOptions) => Worker;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #lastId = 0;
  /** Why the last thread ended, and when it was started: no other one is started right after it. */
  #failure: SqliteStorageError | null = null;
  #startedAt = 0;
  #isClosed = false;

  constructor(options: Omit<ThreadOptions, 'libsqlPath'>, createWorker = createSqliteWorker) {
    this.#options = { ...options, libsqlPath: findLibsql() };
    this.#createWorker = createWorker;
  }

  /** @throws SqliteStorageError, as all that asks for something */
  async read(sql: string, params: Query['params'] = []): Promise<Row[]> {
    const [result] = await this.#request('read', [[{ kind: 'read', sql, params }]]);
    return result?.rows ?? [];
  }

  /** Runs the units in one transaction, and gives the result of each. */
  write(units: readonly Unit[], mode: Exclude<Mode, 'read'> = 'write'): Promise<UnitResult[]> {
    return this.#request(mode, units);
  }

  /** Resolves when all that was asked for is done and the thread has ended. May be called again. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const worker = this.#worker;
    if (!worker) return;
    const ended = new Promise((resolve) => void worker.once('exit', resolve));
    worker.ref();
    this.#post(worker, 'close', []);
    await ended;
  }

  #request(mode: Mode, units: readonly Unit[]): Promise<UnitResult[]> {
    return new Promise((resolve, reject) => {
      const worker = this.#ensure();
      const id = this.#post(worker, mode, units);
      this.#pending.set(id, { resolve, reject });
      worker.ref();
    });
  }

  #post(worker: Worker, mode: ThreadRequest['mode'], units: readonly Unit[]): number {
    this.#lastId += 1;
    worker.postMessage({ id: this.#lastId, mode, units } satisfies ThreadRequest);
    return this.#lastId;
  }

  #ensure(): Worker {
    if (this.#isClosed) throw new SqliteStorageError('The database is closed.');
    if (this.#worker) return this.#worker;
    const isTooSoon = performance.now() - this.#startedAt < RESTART_INTERVAL_MS;
    if (this.#failure && isTooSoon) throw this.#failure;
    this.#startedAt = performance.now();
    const worker = this.#createWorker(this.#options);
    this.#worker = worker;
    worker.on('message', (answer: ThreadAnswer) => this.#settle(worker, answer));
    worker.on('error', (cause) => this.#lose(worker, cause.message, cause));
    worker.on('exit', (code) => this.#lose(worker, `Its thread ended with code ${code}.`));
    return worker;
  }

  #settle(worker: Worker, answer: ThreadAnswer): void {
    if (answer.id === null) {
      this.#lose(worker, answer.error);
      return;
    }
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if (this.#pending.size === 0 && !this.#isClosed) worker.unref();
    if (answer.error === null) pending?.resolve(answer.results);
    else pending?.reject(new SqliteStorageError(answer.error));
  }

  #lose(worker: Worker, reason: string, cause?: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#failure = new SqliteStorageError(reason, { cause });
    for (const { reject } of this.#pending.values()) reject(this.#failure);
    this.#pending.clear();
  }
}

/** Never terminate it while it works: libsql takes the whole process down with it. */
export function createSqliteWorker(options: ThreadOptions): Worker {
  return new Worker(threadSource(), {
    eval: true,
    name: 'agent-webkit-sqlite',
    workerData: options,
    // Not the server's own, which may be about its main module. Node calls its SQLite experimental.
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
}

/**
 * The program as text, and not as a file beside this one: it works from `dist` as from `src`, and
 * in a bundle, where nothing would bring such a file along.
 */
function threadSource(): string {
  // esbuild's keepNames wraps functions by this name.
  return `const __name = (target) => target;(${runSqliteThread.toString()})(require);`;
}

function findLibsql(): string | null {
  try {
    return createRequire(import.meta.url).resolve('libsql');
  } catch {
    // It is optional; the thread says what to install when it finds nothing else.
    return null;
  }
}
