import type { EndedSession, SessionConfig } from '../agent-client.js';
import { StorageUnavailableError } from '../errors.js';
import type { SessionDependencies } from '../session/session-dependencies.js';
import { parseSessionEvent } from '../session-event.js';
import type { EventStore } from '../storage.js';
import { TIMED_OUT, within } from '../timing/within.js';
import type { SessionFolders } from '../workspace/session-folders.js';

/** How long a deletion waits for the factory to remove files. */
const FORGET_TIMEOUT_MS = 5000;
const PAGE = 1000;

/** The facts of a deleted session by which its files are found. */
export interface Deleted {
  readonly id: string;
  readonly owner: string;
  readonly config: Readonly<SessionConfig>;
}

/** A session that another server took over or deleted. */
interface LostSession extends Deleted {
  readonly laterConversations: readonly string[];
}

/**
 * Removes what a session's agents have written outside the storage. Never rejects.
 *
 * @param later the conversations after the first one
 */
export async function forgetSession(
  { sdkFactory, logger }: Pick<SessionDependencies, 'sdkFactory' | 'logger'>,
  { id, owner, config }: Deleted,
  later: readonly string[],
): Promise<void> {
  if (!sdkFactory.forget) return;
  try {
    const conversationIds = [id, ...later];
    const session: EndedSession = { ...config, sessionId: id, owner, conversationIds };
    const outcome = await within(FORGET_TIMEOUT_MS, sdkFactory.forget(session));
    if (outcome === TIMED_OUT) throw new Error(`not finished after ${FORGET_TIMEOUT_MS} ms.`);
  } catch (error) {
    logger.warn(
      `Session ${id}: could not remove the files of its agents. Deleting the session all the same: ${String(error)}`,
    );
  }
}

/**
 * Removes what the agent of a lost session wrote on this machine, and into the storage after the
 * deletion, if another server deleted the session. Call it when the agent is gone. Never rejects.
 */
export async function removeIfDeleted(
  deps: Pick<SessionDependencies, 'sdkFactory' | 'storage' | 'logger'> & {
    folders: Pick<SessionFolders, 'remove'>;
  },
  lost: Promise<LostSession | null> | undefined,
): Promise<void> {
  const { records } = deps.storage;
  try {
    const session = await lost;
    if (!session || (await records.get(session.id))) return;
    await forgetSession(deps, session, session.laterConversations);
    await deps.folders.remove(session.id);
    // Its last entries of the transcript may have arrived after the deletion.
    await records.delete(session.id);
  } catch (error) {
    if (error instanceof StorageUnavailableError) return; // reported by the storage's guard
    deps.logger.warn(`Could not remove what is left of a deleted session: ${String(error)}`);
  }
}

/** Reads the ids of a session's later conversations from its events. */
export async function readConversations(events: EventStore, id: string): Promise<string[]> {
  const found: string[] = [];
  let page: Awaited<ReturnType<EventStore['read']>>;
  let after = 0;
  do {
    // oxlint-disable-next-line no-await-in-loop -- one page at a time bounds the memory
    page = await events.read(id, after, PAGE);
    after = page.at(-1)?.seq ?? after;
    for (const event of page) {
      if (event.name !== 'conversation_reset') continue;
      const { data } = parseSessionEvent(event);
      if ('conversation_id' in data) found.push(data.conversation_id);
    }
  } while (page.length === PAGE);
  return found.slice(-100);
}
