import type { Caller } from '../caller.js';
import type { DescribedSession } from '../session/session-info.js';
import { describeFor } from '../session/session-info.js';
import type { SessionRecord } from '../storage.js';
import type { StorageWait } from '../storage-guard/storage-wait.js';
import type { JointCursor } from './joint/joint-cursor.js';
import { JointSubscription } from './joint/joint-subscription.js';
import type { RegistryParts } from './registry-parts.js';

export interface JointCalls {
  readonly wakeEvery: number;
  /** Begins the waiting of a call. */
  readonly wait: () => StorageWait;
  /** Resolves to false when a caller may no longer read a session. */
  readonly isReadable: (id: string, caller: Caller, ifUnknown?: boolean) => Promise<boolean>;
  /** Describes sessions, without those that were deleted. */
  readonly describe: (records: readonly SessionRecord[]) => Promise<DescribedSession[]>;
}

/** Opens a subscription to several sessions. Each of its calls of the storage has a limit of its own. */
export function openJoint(
  { news, storage, access, live }: RegistryParts,
  caller: Caller,
  sessions: readonly string[] | null,
  cursor: JointCursor | null,
  { wakeEvery, wait, isReadable, describe }: JointCalls,
): Promise<JointSubscription> {
  const { records } = storage;
  return JointSubscription.open({
    news,
    records: {
      get: (id) => wait().for(records.get(id)),
      list: (id, limit, after) => wait().for(records.list(id, limit, after)),
    },
    access,
    caller,
    sessions,
    cursor,
    wakeEvery,
    isDeleted: (id) => live.deletions.get(id) !== undefined,
    isReadable,
    describe: async (created) => {
      const described = await wait().for(describe(created));
      return described.map((session) => describeFor(caller, session));
    },
  });
}
