import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { StorageFaultError, UnstorableError } from '../../engine/storage.js';
import type {
  Mode,
  Query,
  Row,
  ThreadAnswer,
  ThreadError,
  ThreadOptions,
  ThreadRequest,
  Unit,
  UnitResult,
} from './thread-protocol.js';
import { threadSource } from './thread-source.js';

interface Pending {
  resolve: (results: UnitResult[]) => void;
  reject: (error: Error) => void;
}

/** The minimum interval between two starts of a thread that cannot start, or dies. */
const RESTART_INTERVAL_MS = 1000;

/** A request to the database failed. The message names the path where that matters, and what to do. */
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
  readonly #options: Omit<ThreadOptions, 'mayCreate'>;
  readonly #createWorker: (options: ThreadOptions) => Worker;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #lastId = 0;
  /** The failure of the last thread, and the time of its start, which delays the next start. */
  #failure: Error | null = null;
  #startedAt = 0;
  /** True when a thread has had the database open. */
  #hasOpened = false;
  #isClosed = false;
  #onNotice: (notice: string) => void = () => undefined;

  constructor(
    options: Omit<ThreadOptions, 'libsqlPath' | 'mayCreate'>,
    createWorker = createSqliteWorker,
  ) {
    this.#options = { ...options, libsqlPath: findLibsql() };
    this.#createWorker = createWorker;
  }

  /** @param callback receives sentences for the log */
  onNotice(callback: (notice: string) => void): void {
    this.#onNotice = callback;
  }

  /** @throws SqliteStorageError, StorageFaultError, UnstorableError, like every request */
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
    const worker = this.#createWorker({ ...this.#options, mayCreate: !this.#hasOpened });
    this.#worker = worker;
    worker.on('message', (answer: ThreadAnswer) => this.#settle(worker, answer));
    worker.on('error', (cause) =>
      this.#fail(worker, new SqliteStorageError(cause.message, { cause })),
    );
    worker.on('exit', (code) => {
      const message = `The database thread ended unexpectedly with code ${code}.`;
      this.#fail(worker, new SqliteStorageError(message));
    });
    return worker;
  }

  #settle(worker: Worker, answer: ThreadAnswer): void {
    if (answer.id === null) {
      if (answer.error === null) this.#onNotice(answer.notice);
      else this.#fail(worker, toError(answer.error));
      return;
    }
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if (this.#pending.size === 0 && !this.#isClosed) worker.unref();
    if (answer.error === null) {
      this.#hasOpened = true;
      pending?.resolve(answer.results);
    } else pending?.reject(toError(answer.error));
  }

  #fail(worker: Worker, failure: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#failure = failure;
    for (const { reject } of this.#pending.values()) reject(failure);
    this.#pending.clear();
  }
}

function toError({ kind, message, summary }: ThreadError): Error {
  if (kind === 'unstorable') return new UnstorableError(message);
  const error = new SqliteStorageError(message);
  return kind === 'fault' ? new StorageFaultError(summary, { cause: error }) : error;
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

function findLibsql(): string | null {
  try {
    return createRequire(import.meta.url).resolve('libsql');
  } catch {
    // libsql is optional. Without any driver, the thread reports which package to install.
    return null;
  }
}
