import type { Caller } from '../../caller.js';
import { SessionNotFoundError } from '../../errors.js';
import type { SessionRecord, SessionRecordStore } from '../../storage.js';
import type { Access } from '../access.js';

export interface MemberRecordsOptions {
  readonly records: Pick<SessionRecordStore, 'get' | 'list'>;
  readonly access: Access;
  readonly caller: Caller;
  /** Returns true for a session whose deletion is decided. */
  readonly isDeleted: (id: string) => boolean;
}

/** How many sessions a stream follows. */
export const MAX_MEMBERS = 500;

/** The records of sessions, the latest activity first. */
export interface MemberRecords {
  readonly records: readonly SessionRecord[];
  /** True when they are all sessions of the caller. */
  readonly isComplete: boolean;
}

/**
 * Reads the records of sessions that a caller may read: of those that are named, or of those that the caller owns or is a member of, at most
 * {@link MAX_MEMBERS}.
 *
 * @param ids the sessions; null for those of the caller
 */
export async function readMemberRecords(
  ids: readonly string[] | null,
  options: MemberRecordsOptions,
): Promise<MemberRecords> {
  const { records, caller, access } = options;
  if (ids === null) {
    const found = await records.list(caller.id, MAX_MEMBERS + 1, null);
    const present = found.slice(0, MAX_MEMBERS).filter((record) => exists(record, options));
    return {
      records: await access.allowed(present, caller, 'read'),
      isComplete: found.length <= MAX_MEMBERS,
    };
  }
  const readable: SessionRecord[] = [];
  for (const id of new Set(ids)) {
    /* oxlint-disable no-await-in-loop -- one at a time leaves the host and the storage room for other work */
    const record = await records.get(id);
    if (record && exists(record, options) && (await mayRead(record, options))) {
      readable.push(record);
    }
    /* oxlint-enable no-await-in-loop */
  }
  readable.sort((a, b) => b.lastActivityAt.getTime() - a.lastActivityAt.getTime());
  return { records: readable, isComplete: false };
}

function exists({ id, log }: SessionRecord, { isDeleted }: MemberRecordsOptions): boolean {
  return !isDeleted(id) && log.status?.state !== 'closed';
}

async function mayRead(
  record: SessionRecord,
  { access, caller }: MemberRecordsOptions,
): Promise<boolean> {
  try {
    await access.check(record, caller, 'read');
    return true;
  } catch (error) {
    if (error instanceof SessionNotFoundError) return false;
    throw error;
  }
}
