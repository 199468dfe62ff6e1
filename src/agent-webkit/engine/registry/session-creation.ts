import type { CreateSession } from '../../protocol/inbound.js';
import type { SessionConfig } from '../agent-client.js';
import type { Caller } from '../caller.js';
import { ShuttingDownError, StorageUnavailableError } from '../errors.js';
import { IdempotencyKeys } from '../idempotency-keys.js';
import { changedDetails, NO_DETAILS } from '../session-details.js';
import type { Session } from '../session/session.js';
import { EMPTY_LOG, type SessionRecord, type StorageProvider } from '../storage.js';
import type { StorageWait } from '../storage-guard/storage-wait.js';
import type { SessionFolders } from '../workspace/session-folders.js';
import { Admission, type AdmissionLimits } from './admission.js';
import type { LiveSessions } from './live-sessions.js';
import type { SessionPolicy } from './session-policy.js';

export interface SessionCreationOptions extends AdmissionLimits {
  storage: Pick<StorageProvider, 'records' | 'cluster'>;
  live: LiveSessions;
  folders: Pick<SessionFolders, 'recorded'>;
  policy: SessionPolicy;
  isShuttingDown: () => boolean;
}

/**
 * Creates sessions, each once for its idempotency key.
 *
 * A creation continues in the background when the storage takes longer than its request may wait. A
 * retry with the same key then finds its session. Without a key no client can find it, and it is deleted.
 */
export class SessionCreation {
  readonly #options: SessionCreationOptions;
  readonly #admission: Admission;
  /** The ids of sessions by the idempotency key of the request that created them. */
  readonly #created = new IdempotencyKeys<string>();

  constructor(options: SessionCreationOptions) {
    this.#options = options;
    this.#admission = new Admission(options.storage, options.live.deletions, options);
  }

  /**
   * Resolves to the id of the new session, or of the session created before with the same key.
   *
   * @throws ForbiddenError, TooManySessionsError, TooManyCreationsError, ShuttingDownError
   * @throws StorageUnavailableError when the storage takes longer than `wait` allows
   */
  create(
    request: CreateSession,
    caller: Caller,
    key: string | undefined,
    wait: StorageWait,
  ): Promise<string> {
    if (key === undefined) return this.#create(request, caller, null, wait);
    return this.#created.once(JSON.stringify([caller.id, key]), () =>
      this.#create(request, caller, key, wait),
    );
  }

  async #create(
    request: CreateSession,
    caller: Caller,
    key: string | null,
    wait: StorageWait,
  ): Promise<string> {
    const { policy, live, isShuttingDown } = this.#options;
    const config = await policy.configure(request, caller);
    const counted = this.#admission.countCreation(caller.id);
    if (counted) await wait.for(counted);
    if (isShuttingDown()) throw new ShuttingDownError();
    const now = new Date();
    const record: SessionRecord = {
      id: live.claimId(config),
      owner: caller.id,
      config,
      epoch: 1,
      createdAt: now,
      lastActivityAt: now,
      log: EMPTY_LOG,
      details: changedDetails(NO_DETAILS, request),
    };
    try {
      const { cwd } = await live.createFolders(record);
      record.config = { ...withoutCopies(config), cwd };
      if (isShuttingDown()) throw new ShuttingDownError();
    } catch (error) {
      void live.discard(record.id);
      throw error;
    }
    const admitted = this.#admission.admit(record, key, wait);
    // Held before its record is stored, so that a request that finds the record finds this session.
    const begun = live.hold(record.id, this.#begin(record, admitted));
    try {
      const session = await wait.for(begun);
      return session?.id ?? (await admitted).id;
    } catch (error) {
      const isUnknown = error instanceof StorageUnavailableError && key === null;
      if (isUnknown) void this.#deleteUnknown(record.id, begun);
      throw error;
    }
  }

  /** Resolves to null when an earlier record was admitted instead. */
  async #begin(record: SessionRecord, admitted: Promise<SessionRecord>): Promise<Session | null> {
    const { live, folders, isShuttingDown } = this.#options;
    let isStored = false;
    try {
      isStored = (await admitted).id === record.id;
      if (isStored) {
        if (isShuttingDown()) throw new ShuttingDownError();
        await folders.recorded(record.id);
        return await live.create(record);
      }
    } catch (error) {
      void live.discard(record.id);
      if (isStored) void live.deletions.discard(record.id);
      throw error;
    }
    void live.discard(record.id);
    return null;
  }

  /** Deletes a session that may be created after its request was rejected. */
  async #deleteUnknown(id: string, begun: Promise<Session | null>): Promise<void> {
    const { live } = this.#options;
    const session = await begun.catch(() => null);
    if (session) await live.deletions.decide(session);
    else await live.deletions.discard(id);
  }
}

/** Returns a configuration without the files that were copied, which are needed only once. */
function withoutCopies({ files, ...config }: SessionConfig): SessionConfig {
  const readOnly = files?.readOnly ?? [];
  return readOnly.length === 0 ? config : { ...config, files: { readOnly } };
}
