import { AgentWebkitError, StorageUnavailableError } from './errors.js';

/** Resolves to the storage's answer. Errors become a StorageUnavailableError, except for refusals of this package. */
export async function answered<Answer>(asked: Promise<Answer>): Promise<Answer> {
  try {
    return await asked;
  } catch (error) {
    throw error instanceof AgentWebkitError ? error : new StorageUnavailableError(error);
  }
}
