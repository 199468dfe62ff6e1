import { UnstorableError } from '../../engine/storage.js';

/**
 * The classes of SQLSTATE by which PostgreSQL rejects the data of a statement: data exception, integrity
 * constraint violation, and program limit exceeded (https://www.postgresql.org/docs/current/errcodes-appendix.html).
 */
const ABOUT_DATA = /^(?:22|23|54)/;

/**
 * Resolves to the result of a statement that stores something.
 *
 * @throws UnstorableError when the database rejects the data itself, so that a retry does not help
 */
export async function asStorable<Result>(asked: Promise<Result>): Promise<Result> {
  try {
    return await asked;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!ABOUT_DATA.test(code)) throw error;
    throw new UnstorableError(`${(error as Error).message} (SQLSTATE ${code})`, { cause: error });
  }
}
