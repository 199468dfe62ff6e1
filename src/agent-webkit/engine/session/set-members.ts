import type { SessionMember } from '../../protocol/session-members.js';
import type { Caller } from '../caller.js';
import { InvalidRequestError } from '../errors.js';
import type { EventLog } from '../event-log/event-log.js';
import { hasSameMembers, membersOf } from '../session-members.js';

/**
 * Replaces the members of a session, by an event. Resolves when that is durable, or when the session has these members.
 *
 * @throws InvalidRequestError when the owner of the session is one of them
 */
export async function setMembers(
  log: EventLog,
  members: readonly SessionMember[],
  by: Caller,
  owner: string,
): Promise<void> {
  const index = members.findIndex(({ id }) => id === owner);
  if (index !== -1) {
    throw new InvalidRequestError(
      `members[${index}].id: must not be the owner of the session, who may do everything. Leave it out.`,
    );
  }
  if (!hasSameMembers(membersOf(log.state.details), members)) {
    await log.append({ event: 'members_changed', data: { members, by: by.id } });
    return;
  }
  // An earlier call may have made the same change, whose commit is not complete.
  if (!log.isCommitted) await log.append();
}
