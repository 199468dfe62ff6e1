import { StorageFaultError } from '../../engine/storage.js';

const FILES = 'The database cannot read or write its files.';
const CORRUPTED = 'The database is corrupted.';
const CREDENTIALS = 'The database rejects the credentials of the server.';
const TABLES = 'The tables of the server are missing in the database.';

/** The faults that only an operator can fix, by SQLSTATE, as sentences for clients. */
const FAULTS = new Map([
  ['53100', 'The disk of the database is full.'],
  ['58030', FILES],
  ['58P01', FILES],
  ['58P02', FILES],
  ['XX001', CORRUPTED],
  ['XX002', CORRUPTED],
  // Also after a failover, until the connections lead to the new primary.
  ['25006', 'The database accepts no writes.'],
  ['28000', CREDENTIALS],
  ['28P01', CREDENTIALS],
  ['3D000', 'The database does not exist.'],
  ['42501', 'The database denies the server access to its tables.'],
  ['3F000', TABLES],
  ['42P01', TABLES],
  ['42703', TABLES],
]);

/** Returns the fault that an error of the database tells, with the error as its cause, or the error itself. */
export function toFault(error: unknown): unknown {
  const isObject = typeof error === 'object' && error !== null;
  const fault = isObject && 'code' in error ? FAULTS.get(String(error.code)) : undefined;
  return fault === undefined ? error : new StorageFaultError(fault, { cause: error });
}
