import type { SessionInfo } from '../../../protocol/answers.js';
import type { Caller } from '../../caller.js';
import { Generations } from '../../event-log/generations.js';
import { roleOf } from '../../session-members.js';
import type { SessionRecord } from '../../storage.js';
import { encodeJointCursor, type JointCursor, type JointPosition } from './joint-cursor.js';
import { noticeFrame, withCursor } from './joint-frames.js';
import { JointMember } from './joint-member.js';
import { MAX_MEMBERS, type MemberRecordsOptions, readMemberRecords } from './member-records.js';
import type { SessionNews } from './session-news.js';

export interface JointMembersOptions extends MemberRecordsOptions {
  readonly news: SessionNews;
  /** The sessions to follow; null for those of the caller. */
  readonly sessions: readonly string[] | null;
  /** The position that the client has; null to begin now. */
  readonly cursor: JointCursor | null;
  /** Describes sessions, without those that were deleted. */
  readonly describe: (records: readonly SessionRecord[]) => Promise<SessionInfo[]>;
  /** Resolves to false when a caller may no longer read a session. */
  readonly isReadable: (id: string, caller: Caller, ifUnknown?: boolean) => Promise<boolean>;
  /** Called with each frame about the sessions themselves. */
  readonly onNotice: (frame: string) => void;
  /** Called when a session may have something to read. */
  readonly onReadable: (member: JointMember) => void;
}

/** A session that a stream begins with. */
interface Resumed {
  readonly record: SessionRecord;
  readonly member: JointMember;
  /** The id of the last stored event. */
  readonly lastId: number;
  /** True when it was created after the position of the client. */
  readonly isNew: boolean;
  /** True when events between the position of the client and the last one cannot be delivered, or are unknown. */
  readonly isGap: boolean;
}

/** How many sessions that are not followed any more keep their positions in an open stream. */
const MAX_LEFT = 10_000;

/** The sessions of a stream of several, those with the latest events last. */
export class JointMembers {
  readonly #options: JointMembersOptions;
  readonly #members = new Map<string, JointMember>();
  /** The positions of sessions that left because others had later events. */
  readonly #left = new Map<string, number>();
  /** The sessions that are being added. */
  readonly #joining = new Set<string>();
  /** The sessions that had news before the first ones were read. */
  readonly #early = new Set<string>();
  /** Ends the watches of sessions that are not members yet. */
  readonly #watches = new Map<string, () => void>();
  #isStarted = false;
  #isClosed = false;
  #isComplete: boolean;
  #newestAt: number;

  constructor(options: JointMembersOptions) {
    this.#options = options;
    this.#isComplete = options.cursor?.isComplete ?? true;
    this.#newestAt = options.cursor?.newestAt ?? 0;
  }

  get size(): number {
    return this.#members.size;
  }

  /** The position after everything that was read. */
  get position(): JointPosition {
    const newestFirst = [...this.#members.values()].toReversed();
    return {
      isComplete: this.#isComplete,
      newestAt: this.#newestAt,
      ids: new Map(newestFirst.map(({ id, cursor }) => [id, cursor])),
    };
  }

  /**
   * Follows the sessions, and announces them. Call it once, when the news of the caller are followed.
   *
   * @throws StorageUnavailableError
   */
  async start(): Promise<void> {
    const { caller, sessions, news, onReadable, onNotice, describe } = this.#options;
    if (sessions !== null) this.#watch(sessions);
    const { records, isComplete } = await readMemberRecords(sessions, this.#options);
    if (this.#isClosed) return;
    if (sessions === null) news.seen(caller.id, records);
    // The oldest activity first, as if each had come into use after the one before.
    const resumed = records.toReversed().map((record) => this.#resume(record));
    this.#isComplete = isComplete;
    for (const { createdAt } of records) this.#knows(createdAt);
    const created = resumed.flatMap(({ record, isNew }) => (isNew ? record : []));
    const infos = created.length > 0 ? await describe(created) : [];
    if (this.#isClosed) return;
    this.#announce(sessions ?? []);
    for (const { record, lastId, isGap } of resumed) {
      if (isGap) onNotice(gapFrame(record.id, lastId));
    }
    const lastIds = new Map(resumed.map(({ record, lastId }) => [record.id, lastId]));
    for (const info of infos) onNotice(newFrame(info, lastIds.get(info.session_id) ?? 0));
    this.#isStarted = true;
    for (const { member, lastId } of resumed) if (member.cursor !== lastId) onReadable(member);
    for (const id of this.#early) {
      const member = this.#members.get(id);
      if (member) onReadable(member);
      else this.onSession(id);
    }
    this.#early.clear();
  }

  /** Call it when a session of the caller was created, was loaded, or had events. */
  onSession(id: string): void {
    if (this.#isClosed || this.#members.has(id) || this.#joining.has(id)) return;
    if (this.#isStarted) void this.#join(id);
    else this.#early.add(id);
  }

  /** Call it when a member has news, so that another one leaves first. */
  touch(member: JointMember): void {
    if (!this.#members.delete(member.id)) return;
    this.#members.set(member.id, member);
  }

  /** Removes a session, because it was deleted or may not be read any more, and reports that. */
  remove(
    member: JointMember,
    event: 'session_deleted' | 'session_unreadable' | 'session_unshared',
  ): void {
    if (!this.#members.delete(member.id)) return;
    member.close();
    this.#options.onNotice(noticeFrame(event, member.id, {}));
  }

  /** Removes the sessions that the caller may no longer read. */
  async recheck(caller: Caller): Promise<void> {
    const shared = [...this.#members.values()].filter(({ owner }) => owner !== caller.id);
    for (const member of shared) {
      // oxlint-disable-next-line no-await-in-loop -- one at a time leaves the host and the storage room for other work
      const isReadable = await this.#options.isReadable(member.id, caller);
      if (!isReadable) this.#refuse(member);
    }
  }

  /** Removes a session that the caller may no longer read. */
  #refuse(member: JointMember): void {
    const { sessions } = this.#options;
    this.remove(member, sessions === null ? 'session_unshared' : 'session_unreadable');
  }

  close(): void {
    this.#isClosed = true;
    this.#unwatch();
    for (const member of this.#members.values()) member.close();
    this.#members.clear();
  }

  /** Records which sessions have news before they are members. */
  #watch(ids: readonly string[]): void {
    const { news } = this.#options;
    for (const id of new Set(ids)) {
      const follower = { onNews: () => void this.#early.add(id), onReleased: () => undefined };
      const followed = news.follow(id, null, follower);
      this.#watches.set(id, () => news.unfollow(followed, follower));
    }
  }

  /** Follows a session from where the client's cursor is. */
  #resume(record: SessionRecord): Resumed {
    const { cursor, sessions } = this.#options;
    const { lastSeq, firstSeq, generations } = record.log;
    const ids = new Generations(generations);
    const lastId = ids.idOf(lastSeq);
    const known = cursor === null ? lastId : cursor.idOf(record.id);
    if (known === undefined) {
      const isNew = sessions === null && this.#isNew(record);
      const isOwn = record.owner === this.#options.caller.id;
      const member = this.#add(record, isNew && isOwn ? 0 : lastId);
      return { record, member, lastId, isNew, isGap: !isNew };
    }
    const seq = ids.positionOf(known, lastSeq);
    const isKept = typeof seq === 'number' && (seq === 0 || seq >= firstSeq - 1);
    const member = this.#add(record, isKept ? known : lastId);
    return { record, member, lastId, isNew: false, isGap: !isKept };
  }

  #add({ id, owner, epoch, log }: SessionRecord, cursor: number): JointMember {
    const { news, onReadable, caller, isReadable } = this.#options;
    const known = { epoch, lastSeq: log.lastSeq };
    const isStored = (eventId: number) => this.#isStored(id, eventId);
    this.#watches.get(id)?.();
    this.#watches.delete(id);
    const member = new JointMember({
      id,
      owner,
      cursor,
      known,
      news,
      onReadable,
      isStored,
      isReadable: owner === caller.id ? null : () => isReadable(id, caller, false),
      onRefused: (refused) => this.#refuse(refused),
    });
    this.#members.set(id, member);
    return member;
  }

  async #isStored(sessionId: string, eventId: number): Promise<boolean> {
    const record = await this.#options.records.get(sessionId);
    if (!record) return true; // its deletion is reported
    const { generations, lastSeq } = record.log;
    return typeof new Generations(generations).positionOf(eventId, lastSeq) === 'number';
  }

  #isNew({ createdAt }: SessionRecord): boolean {
    return this.#isComplete || createdAt.getTime() > this.#newestAt;
  }

  #knows(createdAt: Date): void {
    this.#newestAt = Math.max(this.#newestAt, createdAt.getTime());
  }

  #announce(asked: readonly string[]): void {
    const { cursor, onNotice } = this.#options;
    const sessions = [...this.#members.values()]
      .toReversed()
      .map((member) => ({ session_id: member.id, last_id: member.cursor }));
    const start = noticeFrame('stream_start', null, { sessions, complete: this.#isComplete });
    // A client that is disconnected after this frame has received none of the next ones: its position is the same.
    onNotice(withCursor(start, cursor?.text ?? encodeJointCursor(this.position)));
    for (const id of new Set(asked)) {
      if (!this.#members.has(id)) onNotice(noticeFrame('session_unreadable', id, {}));
    }
    this.#unwatch();
  }

  #unwatch(): void {
    for (const unwatch of this.#watches.values()) unwatch();
    this.#watches.clear();
  }

  /** Follows one more session of the caller. */
  async #join(id: string): Promise<void> {
    this.#joining.add(id);
    try {
      const { records, caller, access, describe, onNotice, onReadable } = this.#options;
      const record = await records.get(id);
      if (!record || roleOf(record, caller.id) === null || this.#isClosed) return;
      const isOwn = record.owner === caller.id;
      if (!isOwn && (await access.allowed([record], caller, 'read')).length === 0) return;
      const leftAt = this.#left.get(id);
      // A session that was shared is new whenever it was created.
      const isNew = leftAt === undefined && (!isOwn || this.#isNew(record));
      const [info] = isNew ? await describe([record]) : [];
      if (this.#isClosed || this.#members.has(id) || (isNew && !info)) return;
      const lastId = new Generations(record.log.generations).idOf(record.log.lastSeq);
      const first = isNew && isOwn ? 0 : lastId;
      if (info) onNotice(newFrame(info, lastId));
      else if (leftAt === undefined) onNotice(gapFrame(id, lastId));
      this.#left.delete(id);
      const member = this.#add(record, leftAt ?? first);
      this.#knows(record.createdAt);
      onReadable(member);
      this.#leaveExcess();
    } catch {
      // Reported by the storage's guard. The next event of the session, or the next comparison, repeats it.
    } finally {
      this.#joining.delete(id);
    }
  }

  /** Stops to follow the session whose last news is the oldest. */
  #leaveExcess(): void {
    if (this.#members.size <= MAX_MEMBERS) return;
    const [oldest] = this.#members.values();
    if (!oldest) return;
    this.#members.delete(oldest.id);
    this.#left.set(oldest.id, oldest.cursor);
    this.#isComplete = false;
    oldest.close();
    const [first] = this.#left.keys();
    if (this.#left.size > MAX_LEFT && first !== undefined) this.#left.delete(first);
  }
}

/**
 * Announces a session that the client does not know: all events of one of the caller follow, and those after `lastId` of
 * one that was shared with the caller.
 */
function newFrame(info: SessionInfo, lastId: number): string {
  if (info.role === 'owner') return noticeFrame('session_created', info.session_id, info);
  return noticeFrame('session_shared', info.session_id, { ...info, last_id: lastId });
}

/** The kept events up to `lastId` are not in the stream: the client reads them by their own route. */
export function gapFrame(sessionId: string, lastId: number): string {
  return noticeFrame('stream_gap', sessionId, { after_id: 0, last_id: lastId });
}
