import type { Query } from './database.js';
import { PostgresError } from './postgres-error.js';

/**
 * Checks that a database can store any text. One of another encoding rejects events with characters that
 * its encoding lacks, such as a curly quote in LATIN1, or stores bytes that it does not understand.
 *
 * @param database the name of the database, for people
 * @throws PostgresError when its encoding is not UTF-8
 */
export async function checkEncoding(query: Query, database: string): Promise<void> {
  const [row] = await query<{ server_encoding: string }>('show server_encoding');
  const encoding = row?.server_encoding ?? '';
  if (encoding === 'UTF8') return;
  throw new PostgresError(
    `${database} has the encoding ${encoding}, in which not every text can be stored. Create a database ` +
      'with the encoding UTF8 (`createdb --encoding=UTF8 --template=template0`), and use that one.',
  );
}
