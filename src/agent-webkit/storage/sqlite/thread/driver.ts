import type { Row, SqlValue, ThreadOptions } from '../thread-protocol.js';

/** The part of a driver's database that both drivers have in common. */
export interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

export interface Statement {
  all(...params: SqlValue[]): Row[];
  run(...params: SqlValue[]): { changes: number | bigint };
}

export type DatabaseClass = new (file: string) => Database;

/**
 * Returns the class of the driver. Part of the thread's program: it refers to nothing outside of itself.
 *
 * @throws Error when no driver is available
 */
export function loadDriver(
  require: NodeJS.Require,
  { driver, libsqlPath }: Pick<ThreadOptions, 'driver' | 'libsqlPath'>,
): DatabaseClass {
  const builtin = process.getBuiltinModule('node:sqlite') as
    { DatabaseSync: DatabaseClass } | undefined;
  if (builtin && driver !== 'libsql') return builtin.DatabaseSync;
  if (libsqlPath && driver !== 'node:sqlite') return require(libsqlPath) as DatabaseClass;
  const reasons = [
    driver === 'libsql' ? [] : [`Node ${process.version} has no node:sqlite`],
    driver === 'node:sqlite' ? [] : ['the package libsql is not installed'],
  ];
  throw new Error(
    `No SQLite driver is available: ${reasons.flat().join(', and ')}. ` +
      'Use Node 22.13 or later, or run `npm install libsql`.',
  );
}
