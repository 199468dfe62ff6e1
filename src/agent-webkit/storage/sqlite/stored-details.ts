import { searchedDetails } from '../../engine/record-filter.js';
import type { SessionDetails } from '../../engine/session-details.js';
import { membersOf } from '../../engine/session-members.js';
import type { Step } from './thread-protocol.js';

/** The steps that store the details of sessions, and what is searched of them. */
export class StoredDetails {
  readonly #sql: ReturnType<typeof createStatements>;

  constructor(tablePrefix: string) {
    this.#sql = createStatements(tablePrefix);
  }

  /** Returns the steps that store details; none without them. */
  writes(sessionId: string, details: SessionDetails | undefined): Step[] {
    if (!details) return [];
    const { update, forget, add, unshare, share } = this.#sql;
    const { archived, title, terms } = searchedDetails(details);
    const members = membersOf(details);
    const params = [JSON.stringify(details), Number(archived), title, sessionId];
    return [
      { kind: 'write', sql: update, params },
      { kind: 'write', sql: forget, params: [sessionId] },
      ...terms.map((term): Step => ({ kind: 'write', sql: add, params: [term, sessionId] })),
      { kind: 'write', sql: unshare, params: [sessionId] },
      ...members.map(({ id, role }): Step => ({
        kind: 'write',
        sql: share,
        params: [JSON.stringify(id), role, sessionId],
      })),
    ];
  }
}

function createStatements(prefix: string) {
  const [session, term] = [`${prefix}session`, `${prefix}metadata_term`];
  const member = `${prefix}session_member`;
  return {
    update: `update ${session} set details = ?, archived = ?, searched_title = ? where id = ?`,
    forget: `delete from ${term} where session_id = ?`,
    add: `insert into ${term} (owner, term, session_id)
      select owner, ?, id from ${session} where id = ?`,
    unshare: `delete from ${member} where session_id = ?`,
    share: `insert into ${member} (member, role, session_id)
      select ?, ?, id from ${session} where id = ?`,
  };
}
