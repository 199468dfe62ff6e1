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

/** The minimum interval between two starts of a thread that cannot start, or dies. */
const RESTART_INTERVAL_MS = 1000;

/** A request to the database failed. A retry may succeed after the cause is removed. */
export class SqliteStorageError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SqliteStorageError';
  }
}

/**
 * A SQLite database in a thread of its own, so that waiting for the disk does not block the event loop.
 *
 * The first request starts the thread. When it cannot start or dies, its pending requests are
 * rejected, and a later request starts it again. An idle thread does not keep the process alive.
 */
export class SqliteThread {
  readonly #options: ThreadOptions;
  readonly #createWorker: (options: ThreadOptions) => Worker;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #lastId = 0;
  /** The failure of the last thread, and the time of its start, which delays the next start. */
  #failure: SqliteStorageError | null = null;
  #startedAt = 0;
  #isClosed = false;

  constructor(options: Omit<ThreadOptions, 'libsqlPath'>, createWorker = createSqliteWorker) {
    this.#options = { ...options, libsqlPath: findLibsql() };
    this.#createWorker = createWorker;
  }

  /** @throws SqliteStorageError, like every request */
  async read(sql: string, params: Query['params'] = []): Promise<Row[]> {
    const [result] = await this.#request('read', [[{ kind: 'read', sql, params }]]);
    return result?.rows ?? [];
  }

  /** Runs the units in one transaction. Returns the result of each unit. */
  write(units: readonly Unit[], mode: Exclude<Mode, 'read'> = 'write'): Promise<UnitResult[]> {
    return this.#request(mode, units);
  }

  /** Resolves when all pending requests are done and the thread has ended. May be called repeatedly. */
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
    worker.on('error', (cause) => this.#fail(worker, cause.message, cause));
    worker.on('exit', (code) =>
      this.#fail(worker, `The database thread ended unexpectedly with code ${code}.`),
    );
    return worker;
  }

  #settle(worker: Worker, answer: ThreadAnswer): void {
    if (answer.id === null) {
      this.#fail(worker, answer.error);
      return;
    }
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if (this.#pending.size === 0 && !this.#isClosed) worker.unref();
    if (answer.error === null) pending?.resolve(answer.results);
    else pending?.reject(new SqliteStorageError(answer.error));
  }

  #fail(worker: Worker, reason: string, cause?: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#failure = new SqliteStorageError(reason, { cause });
    for (const { reject } of this.#pending.values()) reject(this.#failure);
    this.#pending.clear();
  }
}

/** Creates the thread. Do not terminate it while it works: libsql would crash the whole process. */
export function createSqliteWorker(options: ThreadOptions): Worker {
  return new Worker(threadSource(), {
    eval: true,
    name: 'agent-webkit-sqlite',
    workerData: options,
    // Not the server's own arguments, which may concern its main module. Node's SQLite is experimental.
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
}

/**
 * Returns the source text of the thread's program. It is not a separate file so that it works from
 * `dist`, from `src` and in a bundle, which would not include such a file.
 */
function threadSource(): string {
  // esbuild's keepNames wraps functions by this name.
  return `const __name = (target) => target;(${runSqliteThread.toString()})(require);`;
}

function findLibsql(): string | null {
  try {
    return createRequire(import.meta.url).resolve('libsql');
  } catch {
    // libsql is optional. Without any driver, the thread reports which package to install.
    return null;
  }
}
