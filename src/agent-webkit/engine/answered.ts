import { AgentWebkitError, StorageUnavailableError } from './errors.js';

/**
 * Resolves to the result of a storage operation.
 *
 * @throws StorageUnavailableError when the operation fails, except with an error of this package
 */
export async function answered<Answer>(asked: Promise<Answer>): Promise<Answer> {
  try {
    return await asked;
  } catch (error) {
    throw error instanceof AgentWebkitError ? error : new StorageUnavailableError(error);
  }
}
