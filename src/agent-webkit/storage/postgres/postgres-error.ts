/**
 * An error of the storage itself: no connection became free, PostgreSQL did not respond, the schema
 * is not compatible, or `pg` is not installed. Errors of the database are passed on unchanged.
 */
export class PostgresError extends Error {
  override readonly name = 'PostgresError';
}
