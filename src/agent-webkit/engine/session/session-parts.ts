import type { AgentStart, AwaitedCall, StoredConversation } from '../agent-client.js';
import type { SlotHolder } from '../agent/agent-slots.js';
import { DurableTranscripts } from '../agent/durable-transcripts.js';
import { durableTools, type IsDurable } from '../durable-tools.js';
import type { EngineLogger } from '../engine-logger.js';
import { AgentsBusyError } from '../errors.js';
import { EventLog, type EventLogOptions } from '../event-log/event-log.js';
import type { SessionDetails } from '../session-details.js';
import { type SessionRecord, UnstorableError } from '../storage.js';
import type { QuotaWatch } from '../workspace/quota-watch.js';
import { Budget } from './budget.js';
import { type RequestDecision, reportDecision } from './decision.js';
import { McpServers } from './mcp-servers.js';
import { MessageQueue } from './message-queue.js';
import { ReplacedMessages, turnSearch } from './replaced-messages.js';
import { ObservedEvents } from './observed-events.js';
import { Requests } from './requests.js';
import { SessionActivity } from './session-activity.js';
import { Answering } from './answering.js';
import type { SessionDependencies } from './session-dependencies.js';
import { sessionLogger } from './session-logger.js';
import { type EndingParts, SessionLifecycle } from './session-lifecycle.js';
import { SessionSettings } from './session-settings.js';
import { StoredStatus } from './stored-status.js';
import { Tasks } from './tasks.js';
import { createQuotaWatch } from './session-quota.js';
import { conversationSearch } from './steering.js';
import { TurnGate } from './turn-gate.js';

/** How many bytes of a session's newest events are in memory, so that live subscribers read no storage. */
const MAX_HELD_BYTES = 1024 * 1024;

/** The parts of one session, wired together. */
export class SessionParts implements EndingParts, SlotHolder {
  readonly record: SessionRecord;
  readonly deps: SessionDependencies;
  /** The logger, whose lines have the ids of the session. */
  readonly logger: EngineLogger;
  readonly log: EventLog;
  readonly lifecycle: SessionLifecycle;
  readonly requests: Requests;
  readonly transcripts: DurableTranscripts | null;
  readonly gate: TurnGate;
  readonly queue: MessageQueue;
  readonly replaced: ReplacedMessages;
  readonly settings: SessionSettings;
  readonly activity: SessionActivity;
  readonly tasks: Tasks;
  readonly mcpServers: McpServers;
  readonly budget: Budget;
  readonly quota: QuotaWatch | null;
  /** Null for a storage without a `cluster`, which stores none. */
  readonly status: StoredStatus | null;
  readonly #isDurable: IsDurable | null;

  /** Creates the parts of a new session. */
  static create(record: SessionRecord, deps: SessionDependencies): SessionParts {
    const status = storedStatus(record, deps, () => parts);
    const observed = deps.observer ? new ObservedEvents(record.id, deps.observer) : null;
    const lifecycle = () => parts.lifecycle;
    const log = new EventLog(logOptions(record, deps, { lifecycle, status, observed }));
    const parts: SessionParts = new SessionParts(record, log, status, deps);
    return parts;
  }

  /** Creates the parts of a session whose events are read from the storage. */
  static async restore(record: SessionRecord, deps: SessionDependencies): Promise<SessionParts> {
    const status = storedStatus(record, deps, () => parts);
    const observed = deps.observer ? new ObservedEvents(record.id, deps.observer) : null;
    const lifecycle = () => parts.lifecycle;
    const log = await EventLog.open(logOptions(record, deps, { lifecycle, status, observed }));
    observed?.restore(log.state, (record.takenFrom ?? null) !== null);
    const parts: SessionParts = new SessionParts(record, log, status, deps);
    return parts;
  }

  private constructor(
    record: SessionRecord,
    log: EventLog,
    status: StoredStatus | null,
    deps: SessionDependencies,
  ) {
    const logger = sessionLogger(deps.logger, record, log);
    const { storage, limits, slots, sdkFactory, commands, canAnswer, observer } = deps;
    this.record = record;
    this.deps = deps;
    this.logger = logger;
    this.#isDurable = durableTools(record.config.durableTools ?? deps.durableTools);
    this.log = log;
    this.status = status;
    this.lifecycle = new SessionLifecycle(record, deps, this);
    this.budget = new Budget(record, log, deps.dailyBudget ?? null);
    this.queue = new MessageQueue(
      log,
      record.owner,
      limits,
      () => this.#assertAvailable(),
      () => this.gate.steering,
      () => this.replaced,
      (messageId) => deps.tracer?.accept(record, messageId) ?? null,
    );
    this.replaced = new ReplacedMessages({
      log,
      isAtWork: () => this.gate.agent.work.isAtWork,
      hasTurn: turnSearch(
        sdkFactory,
        () => this.#conversation,
        () => log.state.replacedMessage,
      ),
    });
    this.requests = new Requests(log, {
      sessionId: record.id,
      timeoutMs: limits.requestTimeoutMs,
      owner: record.owner,
      ...(deps.expiry && { expiry: deps.expiry }),
      ...(deps.approvals && { approvals: deps.approvals }),
      ...(deps.escalation && { escalation: deps.escalation }),
      logger,
      onEscalated: () => this.activity.update(),
      answering: canAnswer && new Answering(record, canAnswer, logger),
      isDurable: this.#isDurable,
      holdMs: limits.holdMs,
      onWaiting: () => this.activity.updateWaiting(),
      onHeld: () => this.gate.park(),
      onDecided: () => this.gate.deliver(),
      onDecision: (decision) => this.#onDecision(decision),
    });
    this.transcripts = storage.transcripts
      ? new DurableTranscripts(record.id, record.epoch, storage.transcripts)
      : null;
    this.gate = new TurnGate({
      sessionId: record.id,
      log,
      requests: this.requests,
      sdkFactory,
      slots,
      holder: this,
      ...(observer && { observer }),
      logger,
      createStart: (resume, awaited) => this.#createStart(resume, awaited),
      findMessages: conversationSearch(sdkFactory, () => this.#conversation),
      traceStart: () => deps.tracer?.startAgent(record) ?? null,
      describeWalls: () => deps.describeWalls?.(record.config) ?? null,
      budget: this.budget,
      commands,
      interruptTimeoutMs: limits.interruptTimeoutMs,
      agentGraceMs: limits.agentGraceMs,
      isDraining: deps.isDraining,
      onTurnStarted: () => this.quota?.turnStarted(),
      onPermissionMode: (mode) => this.settings.followMode(mode),
      onTasksChanged: () => this.tasks.update(),
      onWorkEnded: () => {
        this.activity.update();
        this.settings.recordActivity();
      },
    });
    this.quota = createQuotaWatch(record, log, this.gate, { ...deps, logger }, this.transcripts);
    this.settings = new SessionSettings({
      record,
      records: storage.records,
      log,
      gate: this.gate,
      lifecycle: this.lifecycle,
      permissionModes: deps.permissionModes,
      logger,
    });
    this.mcpServers = new McpServers(this);
    this.tasks = new Tasks({
      sessionId: record.id,
      log,
      timeoutMs: limits.backgroundTaskTimeoutMs,
      stopTimeoutMs: limits.interruptTimeoutMs,
      callAgent: (call) => this.settings.callAgent(call),
      onStuck: () => void this.activity.evict(),
      logger,
    });
    this.activity = new SessionActivity({
      log,
      gate: this.gate,
      lifecycle: this.lifecycle,
      transcripts: this.transcripts,
      slots,
      idleTimeoutMs: limits.idleTimeoutMs,
      isFollowed: () => deps.isFollowed?.(record.id) ?? false,
      isDraining: deps.isDraining,
      onUnused: () => deps.onUnused(record.id),
    });
  }

  /** When the agent became idle, as `performance.now()`; null while it works or there is none. */
  get idleSince(): number | null {
    return this.activity.idleSince;
  }

  /** Since when the agent has only background tasks, as `performance.now()`; null otherwise. */
  get backgroundSince(): number | null {
    return this.activity.backgroundSince;
  }

  get waitingSince(): number | null {
    return this.activity.waitingSince;
  }

  /** Stops the agent, for a session that needs its slot. */
  evict(): Promise<void> {
    return this.activity.evict();
  }

  #assertAvailable(): void | Promise<void> {
    const { slots } = this.deps;
    if (this.activity.state === 'dormant' && slots.areBusy) throw new AgentsBusyError(slots.max);
    return this.budget.assertLeft();
  }

  #onDecision(decision: Omit<RequestDecision, 'sessionId' | 'owner'>): void {
    const { id, owner } = this.record;
    const { onDecision } = this.deps;
    reportDecision(onDecision, { sessionId: id, owner, ...decision }, this.logger);
    // A request that was made outside a turn may have been the last open work.
    this.activity.update();
  }

  /** The agent's newest conversation in the storage; null for a storage without conversations. */
  get #conversation(): StoredConversation | null {
    const { record, log, transcripts } = this;
    const { id, config } = record;
    const conversationId = log.state.laterConversations.at(-1) ?? id;
    return transcripts && { sessionId: id, conversationId, cwd: config.cwd, transcripts };
  }

  async #createStart(resume: boolean, awaited?: AwaitedCall): Promise<AgentStart> {
    const folders = await this.deps.folders.find(this.record);
    this.quota?.start();
    const { id, owner, config } = this.record;
    const { replacedMessage } = this.log.state;
    const maxBudgetUsd = this.budget.startAgent();
    return {
      ...config,
      ...(maxBudgetUsd !== undefined && { maxBudgetUsd }),
      sessionId: id,
      conversationId: this.log.state.laterConversations.at(-1) ?? id,
      owner,
      resume,
      folders,
      ...(this.transcripts && { transcripts: this.transcripts }),
      ...(this.#isDurable && { alwaysAsks: this.#isDurable }),
      ...(awaited && { awaited }),
      ...(replacedMessage !== null && { rewindTo: replacedMessage }),
      canUseTool: (toolName, input, context) => this.requests.ask(toolName, input, context),
      askPeople: (kind, asked, signal) => this.requests.askPeople(kind, asked, signal),
    };
  }
}

function storedStatus(
  { log: { status } }: SessionRecord,
  { storage }: SessionDependencies,
  parts: () => SessionParts,
): StoredStatus | null {
  if (!storage.cluster) return null;
  return new StoredStatus(
    {
      get log() {
        return parts().log;
      },
      get activity() {
        return parts().activity;
      },
    },
    status,
  );
}

interface LogParts {
  readonly lifecycle: () => SessionLifecycle;
  readonly status: StoredStatus | null;
  readonly observed: ObservedEvents | null;
}

function logOptions(
  record: SessionRecord,
  { storage, limits, logger, notifications, onCommitted, tracer }: SessionDependencies,
  { lifecycle, status, observed }: LogParts,
): EventLogOptions {
  const owner = [record.owner];
  return {
    ...(status && { status }),
    onWritten: (appended, durationMs) => {
      observed?.committed(appended, durationMs);
      // Spans that begin now would never end.
      if (!tracer || lifecycle().hasLeft) return;
      const events = appended.map(({ wire }) => wire);
      tracer.committed(record, events, durationMs);
    },
    sessionId: record.id,
    epoch: record.epoch,
    generations: record.log.generations,
    details: record.details,
    store: storage.events,
    maxEvents: limits.maxEvents,
    maxLogChars: limits.maxLogChars,
    maxDecisions: limits.maxDecisions,
    maxDecisionChars: limits.maxDecisionChars,
    maxEventAgeMs: limits.maxEventAgeMs,
    maxHeldBytes: MAX_HELD_BYTES,
    lastActivityAt: record.lastActivityAt.getTime(),
    ...(notifications && {
      notifications: (appended, log) => notifications(record, appended, log),
    }),
    onCommitted: (seq, appended, log) =>
      onCommitted(record.id, seq, appended, log, readersOf(owner, log.state.details)),
    onFailure: (cause) => {
      if (cause instanceof UnstorableError) lifecycle().reset(cause);
      else lifecycle().loseOwnership(cause);
    },
    onMissing: () => void lifecycle().checkOwnership(),
    onSubscriberError: (cause) =>
      logger.error(`Session ${record.id}: a subscriber threw an error. Closing it.`, cause),
  };
}

/** Returns the ids of the owner and of the members. It is called for each commit, and mostly without members. */
function readersOf(owner: readonly string[], { members = [] }: SessionDetails): readonly string[] {
  return members.length === 0 ? owner : [...owner, ...members.map(({ id }) => id)];
}
