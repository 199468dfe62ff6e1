import type { EngineLogger } from '../engine-logger.js';
import type { EngineObserver } from '../engine-observer.js';
import type { ClusterStore } from '../cluster.js';
import type { NotificationOutbox } from '../notification-outbox.js';
import { AgentWebkitError, ShuttingDownError, StorageUnavailableError } from '../errors.js';
import {
  type EventStore,
  FencedError,
  OwnedElsewhereError,
  type SessionRecordStore,
  type StorageFaultError,
  type StorageProvider,
  type TranscriptStore,
  UnstorableError,
} from '../storage.js';
import type { UsageStore } from '../usage.js';
import { OutageReport } from './outage-report.js';
import { StorageWait } from './storage-wait.js';

export interface GuardedStorageOptions {
  /** How long a request may wait for the storage, and a call may take before it counts as overdue, in milliseconds. */
  timeoutMs: number;
  /** Receives each failure. It must not throw. @default none */
  observer?: EngineObserver;
  logger: EngineLogger;
}

interface Call {
  readonly name: string;
  readonly startedAt: number;
  readonly abandon: (error: Error) => void;
  isOverdue: boolean;
}

type Calls<Port> = Readonly<Record<keyof Required<Port>, true>>;

const EVENT_CALLS: Calls<EventStore> = { append: true, read: true, hasKey: true, trim: true };
const RECORD_CALLS: Calls<SessionRecordStore> = {
  create: true,
  get: true,
  claim: true,
  update: true,
  list: true,
  listCreated: true,
  listAll: true,
  usedSince: true,
  openRequests: true,
  count: true,
  unfinished: true,
  unusedSince: true,
  emptySince: true,
  delete: true,
};
type ClusterCalls = Omit<ClusterStore, 'address' | 'leaseMs'>;

const CLUSTER_CALLS: Calls<ClusterCalls> = {
  messageKey: true,
  renew: true,
  leave: true,
  release: true,
  post: true,
  requests: true,
  reply: true,
  replies: true,
  withdraw: true,
  positions: true,
  setSubscribers: true,
  subscribersElsewhere: true,
  countCreation: true,
};
const TRANSCRIPT_CALLS: Calls<TranscriptStore> = {
  append: true,
  load: true,
  listSessions: true,
  listSessionSummaries: true,
  delete: true,
  listSubkeys: true,
};
const OUTBOX_CALLS: Calls<NotificationOutbox> = {
  claim: true,
  defer: true,
  remove: true,
  trim: true,
};

const USAGE_CALLS: Calls<UsageStore> = {
  read: true,
  costUsd: true,
  trim: true,
};

/** A call that is not answered within this many times the limit of a request is abandoned. */
const ABANDON_AFTER = 3;
/** The errors that are answers of a storage that works. */
const ANSWERS = [FencedError, OwnedElsewhereError, UnstorableError, AgentWebkitError];
/** How often overdue calls are looked for, as a share of the limit. */
const CHECK_EVERY = 0.2;

/**
 * The storage as the engine uses it: every call of the engine goes through here.
 *
 * - A call that the storage rejects with an error of its own, rejects with a `StorageUnavailableError`.
 *   Answers of the storage, such as a `FencedError`, are passed on.
 * - A call that is not answered within three times the limit of a request is abandoned and rejects, so
 *   that nothing hangs for ever on a storage that has lost it. It may still take effect later.
 * - Outages are reported once, see {@link OutageReport}.
 */
export class GuardedStorage implements StorageProvider {
  readonly durable: boolean;
  readonly events: EventStore;
  readonly records: SessionRecordStore;
  readonly transcripts?: TranscriptStore;
  readonly cluster?: ClusterStore;
  readonly outbox?: NotificationOutbox;
  readonly usage?: UsageStore;
  readonly #timeoutMs: number;
  readonly #outage: OutageReport;
  readonly #observer: EngineObserver | undefined;
  /** The calls without an answer, the oldest first. */
  readonly #calls = new Set<Call>();
  #checkTimer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(storage: StorageProvider, { timeoutMs, observer, logger }: GuardedStorageOptions) {
    this.#timeoutMs = timeoutMs;
    this.#outage = new OutageReport(logger);
    this.#observer = observer;
    this.durable = storage.durable;
    this.events = this.#guard('events', storage.events, EVENT_CALLS);
    this.records = this.#guard('records', storage.records, RECORD_CALLS);
    if (storage.transcripts) {
      this.transcripts = this.#guard('transcripts', storage.transcripts, TRANSCRIPT_CALLS);
    }
    if (storage.outbox) this.outbox = this.#guard('outbox', storage.outbox, OUTBOX_CALLS);
    if (storage.usage) this.usage = this.#guard('usage', storage.usage, USAGE_CALLS);
    if (storage.cluster) {
      const { address, leaseMs } = storage.cluster;
      const calls = this.#guard<ClusterCalls>('cluster', storage.cluster, CLUSTER_CALLS);
      this.cluster = { ...calls, address, leaseMs };
    }
  }

  /** True while the storage does not work. */
  get isInTrouble(): boolean {
    return this.#outage.isOn;
  }

  /** The fault of the present outage that only an operator can fix; null when there is none. */
  get fault(): StorageFaultError | null {
    return this.#outage.fault;
  }

  /**
   * Begins the waiting of one request.
   *
   * @param extraMs how long it may wait in addition, in milliseconds
   */
  wait(extraMs = 0): StorageWait {
    return new StorageWait(this.#timeoutMs + extraMs, (cause) => {
      this.#failed('request', cause);
      return new StorageUnavailableError(this.#outage.fault ?? cause);
    });
  }

  /**
   * Ends all use of the storage. Later calls are rejected, and appends are never answered: whoever would
   * retry them has stopped.
   */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#checkTimer);
    this.#calls.clear();
  }

  #guard<Port extends object>(kind: string, port: Port, calls: Calls<Port>): Port {
    const guarded = Object.keys(calls).flatMap((name) => {
      if (!(name in port)) return []; // an optional one
      const methods = port as Record<string, (...args: unknown[]) => unknown>;
      const label = `${kind}.${name}`;
      const call = (...args: unknown[]) => this.#call(label, () => methods[name]?.(...args));
      return [[name, call]];
    });
    return Object.fromEntries(guarded) as Port;
  }

  #call(name: string, begin: () => unknown): unknown {
    if (this.#isStopped) {
      return name === 'events.append'
        ? new Promise(() => undefined)
        : Promise.reject(new ShuttingDownError());
    }
    let answer: unknown;
    try {
      answer = begin();
    } catch (error) {
      throw this.#toError(name, error);
    }
    if (isThenable(answer)) return this.#watch(name, answer);
    if (this.#outage.isOn) this.#onSuccess();
    return answer;
  }

  async #watch(name: string, answer: PromiseLike<unknown>): Promise<unknown> {
    let abandon!: Call['abandon'];
    const abandoned = new Promise<never>((_, reject) => (abandon = reject));
    const call: Call = { name, startedAt: performance.now(), abandon, isOverdue: false };
    this.#calls.add(call);
    this.#checkTimer ??= this.#checkLater();
    try {
      const value = await Promise.race([answer, abandoned]);
      this.#settle(call);
      if (this.#outage.isOn) this.#onSuccess();
      return value;
    } catch (error) {
      this.#settle(call);
      throw this.#toError(name, error);
    }
  }

  #settle(call: Call): void {
    this.#calls.delete(call);
    if (this.#calls.size > 0) return;
    clearTimeout(this.#checkTimer);
    this.#checkTimer = undefined;
  }

  #onSuccess(): void {
    const [oldest] = this.#calls;
    this.#outage.succeeded(oldest?.isOverdue ?? false);
  }

  /** Returns an answer of the storage unchanged, and reports any other error as an outage. */
  #toError(name: string, error: unknown): unknown {
    if (ANSWERS.some((answer) => error instanceof answer)) return error;
    if (name === 'events.append' && error instanceof RangeError) return error;
    if (!this.#isStopped) this.#failed(name, error);
    return new StorageUnavailableError(error);
  }

  #failed(call: string, cause: unknown): void {
    this.#observer?.storageFailed?.({ call });
    this.#outage.failed(call, cause);
  }

  #checkLater(): NodeJS.Timeout {
    const delayMs = Math.ceil(this.#timeoutMs * CHECK_EVERY);
    return setTimeout(() => this.#check(), delayMs).unref();
  }

  #check(): void {
    const now = performance.now();
    for (const call of this.#calls) {
      const age = now - call.startedAt;
      if (age < this.#timeoutMs) break;
      const cause = new Error(`The storage did not answer within ${this.#timeoutMs} ms.`);
      if (call.isOverdue) this.#outage.failed(call.name, cause);
      else this.#failed(call.name, cause);
      call.isOverdue = true;
      if (age < this.#timeoutMs * ABANDON_AFTER) continue;
      call.abandon(new StorageUnavailableError(cause));
    }
    this.#checkTimer = this.#calls.size > 0 ? this.#checkLater() : undefined;
  }
}

/** A storage of a host may return promises of a library. */
function isThenable(answer: unknown): answer is PromiseLike<unknown> {
  return typeof answer === 'object' && answer !== null && 'then' in answer;
}
