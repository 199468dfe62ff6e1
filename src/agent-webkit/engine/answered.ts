import { AgentWebkitError, StorageUnavailableError } from './errors.js';

/** What the storage answers; what it cannot is told as such, and what it refused as it is. */
export async function answered<Answer>(asked: Promise<Answer>): Promise<Answer> {
  try {
    return await asked;
  } catch (error) {
    throw error instanceof AgentWebkitError ? error : new StorageUnavailableError(error);
  }
}
