import type { Caller } from '../caller.js';
import { InvalidRequestError, MembersChangedError } from '../errors.js';
import type { EventLog } from '../event-log/event-log.js';
import { hasSameMembers, type MembersChange, membersOf } from '../session-members.js';

/**
 * Replaces the members of a session, by an event. Resolves when that is durable, or when the session has these members.
 *
 * @throws MembersChangedError when it has other members than the expected ones, and not already those of the change
 * @throws InvalidRequestError when the owner of the session is one of them
 */
export async function setMembers(
  log: EventLog,
  { members, expected }: MembersChange,
  by: Caller,
  owner: string,
): Promise<void> {
  const index = members.findIndex(({ id }) => id === owner);
  if (index !== -1) {
    throw new InvalidRequestError(
      `members[${index}].id: must not be the owner of the session, who may do everything. Leave it out.`,
    );
  }
  const present = membersOf(log.state.details);
  if (hasSameMembers(present, members)) {
    // An earlier call may have made the same change, whose commit is not complete.
    if (!log.isCommitted) await log.append();
    return;
  }
  if (expected && !hasSameMembers(present, expected)) {
    // The caller reads the other change next.
    if (!log.isCommitted) await log.append();
    throw new MembersChangedError();
  }
  await log.append({ event: 'members_changed', data: { members, by: by.id } });
}
