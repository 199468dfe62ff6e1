import type { Session } from '../session/session.js';
import { TIMED_OUT, within } from '../timing/within.js';

/** How long a session that is being created or restored may take to be available. */
const HELD_TIMEOUT_MS = 1000;
/** How long the end of a session may take. It waits 2 s for the storage. */
const END_TIMEOUT_MS = 2500;
/** How long to wait for an agent after its grace period. An agent of a host's own `sdkFactory` may never end. */
export const AGENT_GONE_TIMEOUT_MS = 5000;
/** How long subscribers may take to read their last events. */
export const DRAIN_TIMEOUT_MS = 1000;

/**
 * Ends sessions when the server shuts down. Resolves to those that were available, when they have
 * ended or their storage does not answer.
 *
 * @param held the sessions, including those that are being created or restored
 */
export async function endSessions(
  held: readonly Promise<Session | null>[],
  end: (session: Session) => Promise<unknown>,
): Promise<Session[]> {
  const sessions: Session[] = [];
  const endOne = async (promise: Promise<Session | null>) => {
    const session = await within(HELD_TIMEOUT_MS, promise).catch(() => null);
    if (!session || session === TIMED_OUT) return;
    sessions.push(session);
    await within(END_TIMEOUT_MS, end(session));
    session.abandon();
  };
  await Promise.all(held.map(endOne));
  return sessions;
}
