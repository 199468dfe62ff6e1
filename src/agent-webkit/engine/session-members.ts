import type { SessionMember, SessionRole } from '../protocol/session-members.js';
import type { SessionDetails } from './session-details.js';

/** The role of a caller in a session; `owner` is that of the caller who created it. */
export type CallerRole = SessionRole | 'owner';

/** A change of the members of a session. */
export interface MembersChange {
  /** All members after the change. */
  readonly members: readonly SessionMember[];
  /** The members before the change, in any order. @default any */
  readonly expected?: readonly SessionMember[] | undefined;
}

/** Returns the members in these details. */
export function membersOf(details: SessionDetails | undefined): readonly SessionMember[] {
  return details?.members ?? [];
}

/** Returns the role of a caller in a session; null for a caller who is not one of its members. */
export function roleOf(
  session: { readonly owner: string; readonly details?: SessionDetails | undefined },
  callerId: string,
): CallerRole | null {
  return roleIn({ owner: session.owner, members: membersOf(session.details) }, callerId);
}

/** Returns the role as {@link roleOf} does, of a session whose members are known. */
export function roleIn(
  { owner, members }: { readonly owner: string; readonly members: readonly SessionMember[] },
  callerId: string,
): CallerRole | null {
  if (owner === callerId) return 'owner';
  return members.find(({ id }) => id === callerId)?.role ?? null;
}

/** Returns true when both have the same members with the same roles, in any order. */
export function hasSameMembers(a: readonly SessionMember[], b: readonly SessionMember[]): boolean {
  const roles = new Map(a.map(({ id, role }) => [id, role]));
  return a.length === b.length && b.every(({ id, role }) => roles.get(id) === role);
}
