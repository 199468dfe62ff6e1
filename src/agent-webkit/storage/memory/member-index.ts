import { searchedDetails } from '../../engine/record-filter.js';
import type { SessionDetails } from '../../engine/session-details.js';

/** Finds the sessions that are shared with a caller. */
export class MemberIndex {
  readonly #byMember = new Map<string, Set<string>>();
  readonly #members = new Map<string, readonly string[]>();

  /** Returns the ids of the sessions of which a caller is a member. */
  of(caller: string): readonly string[] {
    return [...(this.#byMember.get(caller) ?? [])];
  }

  /** Call it with the details of a session when they have changed; undefined when it is deleted. */
  set(sessionId: string, details: SessionDetails | undefined): void {
    const { members } = searchedDetails(details);
    for (const member of this.#members.get(sessionId) ?? []) this.#remove(member, sessionId);
    for (const member of members) {
      this.#byMember.set(member, (this.#byMember.get(member) ?? new Set()).add(sessionId));
    }
    if (members.length > 0) this.#members.set(sessionId, members);
    else this.#members.delete(sessionId);
  }

  #remove(member: string, sessionId: string): void {
    const ids = this.#byMember.get(member);
    ids?.delete(sessionId);
    if (ids?.size === 0) this.#byMember.delete(member);
  }
}
