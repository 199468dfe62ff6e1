/**
 * What this storage itself has to say: the pool gives no connection, an answer does not come, the
 * schema is of a newer version, `pg` is not installed. The database's own errors pass as they are.
 */
export class PostgresError extends Error {
  override readonly name = 'PostgresError';
}
