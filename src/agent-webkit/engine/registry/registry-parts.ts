import type { Bus } from '../bus.js';
import { ClusterMember } from '../cluster/cluster-member.js';
import type { Membership } from '../cluster/membership.js';
import { DailyBudget } from '../daily-budget.js';
import type { NotificationType } from '../notification.js';
import type { NotificationReceiver } from '../notification-receiver.js';
import { NotificationDispatcher } from '../notifications/notification-dispatcher.js';
import { NotificationFeed } from '../notifications/notification-feed.js';
import { mayNotify, notificationsOf } from '../notifications/session-notifications.js';
import { GuardedStorage } from '../storage-guard/guarded-storage.js';
import { Access, type CanAccess } from './access.js';
import { ServerAdmin } from './admin/server-admin.js';
import { ServerDrain } from './admin/server-drain.js';
import type { AdmissionLimits } from './admission.js';
import { CallHandler } from './call-handler.js';
import { Drain } from './drain.js';
import { AGENT_GONE_TIMEOUT_MS } from './end-sessions.js';
import { SessionNews } from './joint/session-news.js';
import { LiveSessions, type LiveSessionsOptions } from './live-sessions.js';
import { Maintenance } from './maintenance.js';
import { OfferReads } from './offer-reads.js';
import { SessionCalls } from './session-calls.js';
import { SessionCreation } from './session-creation.js';
import { SessionLookup } from './session-lookup.js';
import type { SessionPolicy } from './session-policy.js';
import { StorageProbe } from './storage-probe.js';
import { SharedSessions } from './shared-sessions.js';
import { takeCensus } from './take-census.js';
import { SessionTail } from '../tails/session-tail.js';
import { retry } from '../timing/retry.js';
import { StorageUnavailableError } from '../errors.js';

/** The notifications about sessions, and their receiver. */
export interface Notifier {
  readonly types: readonly NotificationType[];
  readonly receiver: NotificationReceiver;
}

export interface SessionRegistryOptions
  extends Omit<LiveSessionsOptions, 'notifications' | 'dailyBudget'>, AdmissionLimits {
  policy: SessionPolicy;
  /**
   * Carries messages between the servers that share the storage; null for none.
   *
   * @default null
   */
  bus?: Bus | null;
  /**
   * Receives notifications, for a storage with an `outbox`; null for none.
   *
   * @default null
   */
  notifier?: Notifier | null;
  /**
   * The maximum cost of the sessions of an owner in a UTC day, in US dollars, for a storage with `usage`; null for no limit.
   *
   * @default null
   */
  maxBudgetUsdPerDay?: number | null;
  /** Decides about access to other callers' sessions; null for no access. */
  canAccess: CanAccess | null;
  /** How many streams of several sessions a caller may have on this server. */
  maxStreamsPerCaller: number;
  /** How long an unused session is kept, in milliseconds; null to keep it until it is deleted. */
  retentionMs: number | null;
  /** How long usage is kept, in milliseconds; null for no limit. */
  usageRetentionMs: number | null;
  /** How long a session that never had a message is kept without a subscriber, in milliseconds; null for no limit. */
  emptySessionTtlMs: number | null;
  /** How long a server that stops answers every request, while other servers share its storage, in milliseconds. */
  shutdownDelayMs: number;
  /** How long the turns of a server that stops may take to end before they are interrupted, in milliseconds. */
  drainTimeoutMs: number;
  /** How long an agent may take to end by itself when the server shuts down, in milliseconds. */
  shutdownGraceMs: number;
  /**
   * How often, in milliseconds, the access of a caller that watches another caller's session is
   * checked again; null for never.
   *
   * @default null
   */
  accessCheckIntervalMs?: number | null;
  /**
   * Throws when this server must start no agent.
   *
   * @default agents can always start
   */
  assertAgents?: () => void;
}

/** The parts of a registry, wired together. */
export class RegistryParts {
  readonly live: LiveSessions;
  readonly access: Access;
  readonly lookup: SessionLookup;
  readonly handler: CallHandler;
  readonly calls: SessionCalls;
  readonly offers: OfferReads;
  /** Null for a storage that only this server uses. */
  readonly member: ClusterMember | null;
  readonly storage: GuardedStorage;
  readonly storageProbe: StorageProbe;
  readonly creation: SessionCreation;
  readonly maintenance: Maintenance;
  readonly drain: Drain;
  /** Null for a storage that only this server uses. */
  readonly serverDrain: ServerDrain | null;
  readonly servers: ServerAdmin;
  /** Null when there are no notifications. */
  readonly dispatcher: NotificationDispatcher | null;
  /** The notifications for observers in this process. */
  readonly feed: NotificationFeed;
  /** Null for a storage that only this server uses: it loads what it reads. */
  readonly shared: SharedSessions | null;
  /** Null when owners have no budget of a day. */
  readonly dailyBudget: DailyBudget | null;
  /** The news of sessions for streams of several. */
  readonly news: SessionNews;

  /** @param isShuttingDown returns true once the server rejects every call */
  constructor(options: SessionRegistryOptions, isShuttingDown: () => boolean) {
    const { canAccess, limits, logger, shutdownDelayMs, drainTimeoutMs } = options;
    const timeoutMs = limits.storageTimeoutMs;
    const { observer } = options;
    const storage = new GuardedStorage(options.storage, {
      timeoutMs,
      ...(observer && { observer }),
      logger,
    });
    const { records } = storage;
    this.storageProbe = new StorageProbe(storage);
    this.dailyBudget = dailyBudgetOf(options, storage);
    this.dispatcher = createDispatcher(options, storage);
    this.feed = new NotificationFeed(logger);
    const notifications = options.notifier ? notificationsOf(options.notifier.types) : undefined;
    const live: LiveSessions = new LiveSessions({
      ...options,
      storage,
      dailyBudget: this.dailyBudget,
      ...(notifications && { notifications }),
      onAgentFree: () => this.member?.membership.announceRoom(),
      onEntered: (id) => {
        this.shared?.entered(id);
        void this.news.entered(id);
      },
      onEvents: (id, appended, log, readers) => {
        this.shared?.committed(id, appended, log);
        if (appended.length > 0) this.news.committed(id, readers);
        if (appended.some(({ wire }) => mayNotify(wire))) this.dispatcher?.wake();
        const [owner = ''] = readers;
        this.feed.committed({ id, owner }, appended, log);
      },
      onSubscribers: (id) => this.shared?.subscribersChanged(id),
      lastEventRead: async (id) => {
        this.news.deleted(id);
        await this.shared?.lastEventRead(id);
      },
      isFollowed: (id) => this.shared?.isFollowed(id) ?? false,
    });
    this.storage = storage;
    this.live = live;
    this.access = new Access(canAccess, logger);
    this.creation = new SessionCreation({ ...options, storage, live, isShuttingDown });
    this.member = this.#join(options);
    const member = this.member;
    const membership = member?.membership ?? null;
    this.maintenance = new Maintenance({
      ...options,
      records,
      usage: storage.usage,
      live,
      isCertain: member !== null,
      mayResume: () => membership === null || mayTakeOver(membership, live),
      isReadElsewhere: async (id) => this.shared?.isReadElsewhere(id) ?? false,
    });
    this.lookup = new SessionLookup({
      live,
      records,
      access: this.access,
      membership,
      isShuttingDown,
    });
    this.offers = new OfferReads({ live, lookup: this.lookup, member: () => this.member });
    this.handler = new CallHandler({
      ...options,
      live,
      lookup: this.lookup,
      membership,
      isShuttingDown,
      wait: () => storage.wait(),
    });
    this.calls = new SessionCalls({
      storage,
      lookup: this.lookup,
      handler: this.handler,
      slots: live.slots,
      member,
      wait: () => storage.wait(),
      trace: () => options.tracer?.active() ?? null,
      waitForDeletion: () => storage.wait(limits.agentGraceMs + AGENT_GONE_TIMEOUT_MS),
    });
    this.shared =
      member &&
      new SharedSessions({
        storage,
        cluster: member.store,
        live,
        access: this.access,
        limits,
        fleet: member.membership,
        messages: member.messages,
        isShuttingDown,
        wait: () => storage.wait(),
        logger,
      });
    this.news = new SessionNews({
      live,
      records,
      cluster: member?.store ?? null,
      fleet: membership,
      isRemote: (session) => session instanceof SessionTail,
      find: (id, signal) =>
        this.shared?.reads.again(id, signal) ??
        retry(() => this.lookup.loadHere(id, storage.wait()), {
          signal,
          isFinal: (error) => !(error instanceof StorageUnavailableError),
          onFailure: () => undefined, // reported by the storage's guard
        }),
    });
    this.serverDrain =
      membership && new ServerDrain({ membership, departures: live.departures, logger });
    this.servers = new ServerAdmin({
      cluster: member && this.serverDrain && { member, drain: this.serverDrain },
      isDraining: () => live.departures.isDraining,
      census: () => takeCensus(this),
      logger,
    });
    this.drain = new Drain({
      noticed: async () => member?.drain(shutdownDelayMs),
      timeoutMs: drainTimeoutMs,
      release: () => live.departures.drain(),
      count: () => live.size,
      logger,
    });
  }

  #join({ bus = null, logger, assertAgents }: SessionRegistryOptions): ClusterMember | null {
    const { live } = this;
    const { cluster } = this.storage;
    if (!cluster) return null;
    return new ClusterMember({
      store: cluster,
      bus,
      freeAgents: () => (mayStart(assertAgents) ? live.slots.free : 0),
      compareSessions: () => {
        this.shared?.leaseLapsed();
        return live.compareAll();
      },
      onOrphans: () => void this.maintenance.resumeOrphans(),
      onRenewed: () => this.serverDrain?.check(),
      onRequest: (body) =>
        this.offers.receive(body) ?? this.servers.receive(body) ?? this.handler.receive(body),
      logger,
    });
  }
}

function dailyBudgetOf(
  { maxBudgetUsdPerDay = null }: SessionRegistryOptions,
  { usage }: GuardedStorage,
): DailyBudget | null {
  return maxBudgetUsdPerDay === null || !usage ? null : new DailyBudget(maxBudgetUsdPerDay, usage);
}

function createDispatcher(
  { notifier = null, logger }: SessionRegistryOptions,
  { outbox }: GuardedStorage,
): NotificationDispatcher | null {
  if (notifier === null || !outbox) return null;
  return new NotificationDispatcher({ outbox, receiver: notifier.receiver, logger });
}

/** Returns false while this server must start no agent. */
function mayStart(assertAgents: SessionRegistryOptions['assertAgents']): boolean {
  try {
    assertAgents?.();
    return true;
  } catch {
    return false; // reported to those who need one
  }
}

/** Returns false while a server leaves unfinished sessions to others: it drains, or its agents are busy and theirs are not. */
function mayTakeOver(membership: Membership, { slots }: Pick<LiveSessions, 'slots'>): boolean {
  return !membership.isDraining && (!slots.areBusy || membership.roomiest(1) === null);
}
