import type { ChangeSession } from '../../protocol/inbound.js';
import { findExcess } from '../../protocol/session-details.js';
import type { Caller } from '../caller.js';
import { InvalidRequestError } from '../errors.js';
import type { EventLog } from '../event-log/event-log.js';
import { changedDetails, differencesOf } from '../session-details.js';

/**
 * Changes what is noted about a session, by an event. Resolves when that is durable, or when the session is
 * already as asked.
 *
 * @throws InvalidRequestError when the metadata would exceed a bound
 */
export async function changeDetails(
  log: EventLog,
  asked: ChangeSession,
  by: Caller,
): Promise<void> {
  const { details } = log.state;
  const changed = changedDetails(details, asked);
  const excess = findExcess(changed.metadata);
  if (excess !== null) throw new InvalidRequestError(`${excess}.`);
  const differences = differencesOf(details, changed);
  if (Object.keys(differences).length > 0) {
    await log.append({ event: 'session_changed', data: { ...differences, by: by.id } });
    return;
  }
  // An earlier call may have made the same change, whose commit is not complete.
  if (!log.isCommitted) await log.append();
}
