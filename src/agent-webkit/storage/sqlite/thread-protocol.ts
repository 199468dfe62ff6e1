import type { Migration } from '../migration.js';

/** A stored value. Text is JSON or an id, so it contains no NUL and no lone surrogate. */
export type SqlValue = string | number | null;

export type Row = Record<string, SqlValue>;

export interface Query {
  sql: string;
  params: SqlValue[];
}

/**
 * One statement of a unit. The rows of a `read` are part of the unit's result. A `guard` that
 * changes no row ends its unit, whose result is then the rows of `otherwise`.
 */
export type Step =
  ({ kind: 'read' | 'write' } & Query) | ({ kind: 'guard'; otherwise?: Query } & Query);

/** Statements that run one after the other. */
export type Unit = readonly Step[];

export interface UnitResult {
  /** False when a guard ended the unit. */
  isDone: boolean;
  rows: Row[];
}

/**
 * How units run: `read`, without a transaction; `write`, all in one transaction, which is durable
 * when the response arrives; `write-lazily`, in one that a power loss may undo, without the wait.
 */
export type Mode = 'read' | 'write' | 'write-lazily';

export interface ThreadRequest {
  id: number;
  mode: Mode | 'close';
  units: readonly Unit[];
}

/** Why a request failed. */
export interface ThreadError {
  /**
   * `transient`: a retry may succeed. `fault`: a retry may succeed after an operator acted.
   * `unstorable`: the database rejects the data itself.
   */
  kind: 'transient' | 'fault' | 'unstorable';
  /** For the log and the operator: what is wrong, the path, and what to do. */
  message: string;
  /** For clients: one sentence without a path. Empty unless it is a fault. */
  summary: string;
}

/** The response to a request. Without an id: the reason why the thread could not start, or a notice for the log. */
export type ThreadAnswer =
  | { id: number; error: null; results: UnitResult[] }
  | { id: number; error: ThreadError }
  | { id: null; error: ThreadError }
  | { id: null; error: null; notice: string };

export type SqliteDriver = 'node:sqlite' | 'libsql';

export interface ThreadOptions {
  /** Absolute. */
  file: string;
  /** False when it was open before, and a missing file is not created. */
  mayCreate: boolean;
  /** Undefined selects the best driver that is available. */
  driver: SqliteDriver | undefined;
  /** The path of libsql's main file; null if it is not installed. */
  libsqlPath: string | null;
  /** The table that records, in one row, the steps that were applied. */
  versionTable: string;
  /** The steps of this release. Each one raises the version by one. */
  migrations: readonly Migration[];
}
