import { StorageFaultError } from '../../engine/storage.js';
import { retry } from '../../engine/timing/retry.js';
import { PostgresError } from './postgres-error.js';
import type { PostgresPool } from './postgres-pool.js';

export interface ConnectingOptions {
  /** The database, from {@link nameDatabase}. */
  database: string;
  /** How long to retry while the database cannot be reached, in milliseconds. */
  timeoutMs: number;
  /** Aborts the retries, because the storage is being closed. */
  signal: AbortSignal;
  /** Called once, when the first attempt fails and is retried. */
  onTrouble: (problem: string) => void;
}

/** The codes of errors that occur while a database, or the network before it, starts or restarts. */
const UNREACHABLE = new Set(
  ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOENT', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT']
    .concat(['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN'])
    // cannot_connect_now, admin_shutdown, crash_shutdown, too_many_connections
    .concat(['57P03', '57P01', '57P02', '53300']),
);
/** The codes by which PostgreSQL rejects the user, the password or the database of a connection. */
const REJECTED = new Set(['28000', '28P01', '3D000', '42501']);
/** The names of the errors of pg and of the system: those of the storage and of defects have others. */
const NAMES_OF_PG = new Set(['Error', 'error']);

/**
 * Runs the first queries of a storage, and retries for a limited time while the database cannot be
 * reached.
 *
 * @throws PostgresError which names the database, when it could not be reached or rejects the connection
 */
export async function connecting(
  open: () => Promise<void>,
  { database, timeoutMs, signal, onTrouble }: ConnectingOptions,
): Promise<void> {
  const over = new AbortController();
  const stop = () => over.abort();
  const timer = setTimeout(stop, timeoutMs);
  signal.addEventListener('abort', stop);
  let isReported = false;
  const attempt = () =>
    open().catch((error: unknown) => {
      throw error instanceof StorageFaultError ? error.cause : error;
    });
  try {
    await retry(attempt, {
      signal: over.signal,
      isFinal: (error) => !isUnreachable(error),
      onFailure: (error) => {
        if (!isReported) {
          const seconds = Math.ceil(timeoutMs / 1000);
          onTrouble(`${cannotReach(database, error)} Retrying for ${seconds} s.`);
        }
        isReported = true;
      },
    });
  } catch (error) {
    if (isUnreachable(error)) {
      throw new PostgresError(
        `${cannotReach(database, error)} Start the database, or correct the connection string ` +
          'of the storage.',
        { cause: error },
      );
    }
    throw describeRefusal(database, error);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}

/** Returns the error for one of pg that no retry can fix. Any other error is returned unchanged. */
function describeRefusal(database: string, error: unknown): unknown {
  const { code, name } = readError(error);
  if (code === 'ERR_INVALID_URL') {
    // Its cause contains the password.
    return new PostgresError(
      'The connection string of the storage is not a valid URL. Write postgres://user:password@host:port/database, ' +
        'and encode special characters, such as %40 for @.',
    );
  }
  if (!NAMES_OF_PG.has(name)) return error;
  const problem = REJECTED.has(code) ? 'rejects the connection' : 'cannot be used';
  return new PostgresError(
    `${database} ${problem}: ${messageOf(error)}. Correct the connection string of the storage.`,
    { cause: error },
  );
}

/** Names the database of a pool for people, without its user and its password. */
export function nameDatabase(pool: PostgresPool): string {
  const { connectionString, host, port, database } = pool.options ?? {};
  const url = typeof connectionString === 'string' ? parseUrl(connectionString) : null;
  const address = url?.hostname || url?.searchParams.get('host') || host;
  const name = url ? decode(url.pathname.slice(1)) : database;
  const place = address ? ` at ${address}:${url?.port || port || 5432}` : '';
  return `PostgreSQL${place}${name ? `, database '${name}',` : ''}`;
}

function parseUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null; // another form that pg understands
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function cannotReach(database: string, error: unknown): string {
  return `${database} cannot be reached (${messageOf(error)}).`;
}

function isUnreachable(error: unknown): boolean {
  const { code, message, errors, syscall } = readError(error);
  if (errors.length > 0) return errors.some(isUnreachable);
  // A certificate or a key of the connection string. A socket of the database has another call.
  if (syscall === 'open') return false;
  // Class 08 is that of connections. The timeouts of pg and of this storage, and its lost connections, have no code.
  const isOfConnection = UNREACHABLE.has(code) || code.startsWith('08');
  return isOfConnection || /timeout|within \d+ ms|terminated|not queryable/i.test(message);
}

/** An error of several addresses, which has no message of its own, is described by the first one. */
function messageOf(error: unknown): string {
  const { message, errors } = readError(error);
  return errors.length > 0 ? messageOf(errors[0]) : message.replace(/\.$/, '');
}

/** Reads an error by its fields: one of Node's own may be of another realm than `Error`. */
function readError(error: unknown): {
  name: string;
  code: string;
  message: string;
  syscall: unknown;
  errors: unknown[];
} {
  const fields = typeof error === 'object' && error !== null ? error : {};
  const { name, code = '', message = error, syscall, errors } = fields as Record<string, unknown>;
  return {
    name: String(name),
    code: String(code),
    message: String(message),
    syscall,
    errors: Array.isArray(errors) ? (errors as unknown[]) : [],
  };
}
