import type { SessionStateName } from '../../protocol/events.js';
import type { AgentSlots, SlotHolder } from '../agent/agent-slots.js';
import type { DurableTranscripts } from '../agent/durable-transcripts.js';
import type { EventLog } from '../event-log/event-log.js';
import type { SessionState } from '../event-log/session-state.js';
import { IdleTimer } from '../timing/idle-timer.js';
import { SessionDrain } from './session-drain.js';
import type { SessionLifecycle } from './session-lifecycle.js';
import type { TurnGate } from './turn-gate.js';

export interface SessionActivityOptions {
  log: EventLog;
  gate: TurnGate;
  lifecycle: SessionLifecycle;
  transcripts: DurableTranscripts | null;
  slots: AgentSlots;
  /** Returns true while other servers have subscribers of the session. */
  isFollowed: () => boolean;
  /** How long the agent may be idle before it is stopped, in milliseconds; null for no limit. */
  idleTimeoutMs: number | null;
  /** Returns true while the server drains. */
  isDraining: () => boolean;
  /** Called when the session has been dormant and without subscribers for a minute, or can leave a server that drains. */
  onUnused: () => void;
}

interface AgentPresence {
  readonly isAlive: boolean;
  readonly isInTurn: boolean;
}

const GONE: AgentPresence = { isAlive: false, isInTurn: false };

/** How long a dormant session without subscribers stays in memory. */
const UNUSED_TIMEOUT_MS = 60_000;

/** The state of a session as clients see it, and the timers that stop an idle agent and evict an unused session. */
export class SessionActivity implements SlotHolder {
  readonly #options: SessionActivityOptions;
  readonly #idle: IdleTimer;
  readonly #unused: IdleTimer;
  readonly #drain: SessionDrain;
  #lastWorkAt = performance.now();
  /** The number of requests of clients that the session is handling. */
  #requests = 0;

  constructor(options: SessionActivityOptions) {
    const { log, lifecycle, transcripts, idleTimeoutMs, onUnused } = options;
    this.#options = options;
    const isWriting = () => !log.isCommitted || (transcripts?.isWriting ?? false);
    this.#idle = new IdleTimer({
      timeoutMs: idleTimeoutMs,
      isIdle: () => this.idleSince !== null && !this.#hasSubscribers,
      onTimeout: () => void this.evict(),
    });
    this.#unused = new IdleTimer({
      timeoutMs: UNUSED_TIMEOUT_MS,
      isIdle: () =>
        lifecycle.isLiving && this.#needsNothing && log.subscribers === 0 && !isWriting(),
      onTimeout: onUnused,
    });
    const stopAgent = () => void this.evict();
    const hasRequests = () => this.#requests > 0;
    this.#drain = new SessionDrain({ ...options, hasRequests, stopAgent, onReleasable: onUnused });
  }

  /** The state after all appended events, committed or not. */
  get state(): SessionStateName {
    return this.#stateAfter(this.#options.log.state);
  }

  /** The state after all committed events, which is the one that clients are shown. */
  get committedState(): SessionStateName {
    return this.#stateAfter(this.#options.log.committed);
  }

  /** The state after all appended events, also while the session ends, when its agent counts as gone. */
  get workState(): Exclude<SessionStateName, 'closed'> {
    const { log, lifecycle } = this.#options;
    return workAfter(log.state, lifecycle.isLiving || lifecycle.isDeleting ? this.#agent : GONE);
  }

  /** When the agent became idle, as `performance.now()`; null while it works or there is none. */
  get idleSince(): number | null {
    const { gate } = this.#options;
    // While the result of a turn is being published, the log has no turn and the gate is not open yet.
    const isIdle = this.state === 'idle' && !gate.agent.work.isAtWork && gate.isOpen;
    return isIdle ? this.#lastWorkAt : null;
  }

  /** Since when the agent has only background tasks, as `performance.now()`; null otherwise. */
  get backgroundSince(): number | null {
    const { gate } = this.#options;
    return this.state === 'idle' && gate.isOpen ? gate.agent.work.backgroundSince : null;
  }

  /** Since when the agent only waits for people who need no agent, as `performance.now()`; null otherwise. */
  get waitingSince(): number | null {
    return this.#options.gate.canPark ? this.#lastWorkAt : null;
  }

  /** True while the session has subscribers or work to do. */
  get isActive(): boolean {
    const { gate } = this.#options;
    const isWorking = gate.agent.work.isAtWork || !['idle', 'dormant'].includes(this.state);
    return this.#hasSubscribers || isWorking;
  }

  /** Keeps the session on this server, even if that drains, until a request of a client is handled. */
  async during<Answer>(handling: Promise<Answer>): Promise<Answer> {
    this.#requests += 1;
    try {
      return await handling;
    } finally {
      this.#requests -= 1;
      this.#drain.update();
    }
  }

  /** Restarts the timers, and lets an idle agent be evicted. Call it when work may have ended. */
  update(): void {
    this.#idle.restart();
    this.#unused.restart();
    this.#lastWorkAt = performance.now();
    if (this.idleSince !== null || this.backgroundSince !== null) this.#options.slots.evictIdle();
    this.#options.log.storeStatus();
    this.#drain.update();
  }

  /** Lets an agent that only waits for people be evicted. Call it when it may have begun to. */
  updateWaiting(): void {
    if (this.waitingSince !== null) this.#options.slots.evictIdle();
  }

  /** Stops the timers. Call it when work begins, or the session ends. */
  stopTimers(): void {
    this.#idle.stop();
    this.#unused.stop();
  }

  /** Stops the agent if it is idle, or only waits for people. The next message or answer starts another one. Never rejects. */
  async evict(): Promise<void> {
    if (this.#options.gate.park()) return;
    try {
      await this.#options.gate.stopIdleAgent();
      this.update();
    } catch {
      // A log that has failed ends the session by itself.
    }
  }

  /** True when the session would be the same if it left memory: there is no agent, and no work that needs one. */
  get #needsNothing(): boolean {
    const { log, gate } = this.#options;
    const isWaiting = gate.isParked && log.state.isWaiting && !log.state.isTimed;
    return this.state === 'dormant' || isWaiting;
  }

  /** True while the session has an agent, or one is being started for its work. */
  get hasAgent(): boolean {
    const { workState } = this;
    return workState === 'awaiting' ? !this.#options.gate.isParked : workState !== 'dormant';
  }

  get #hasSubscribers(): boolean {
    const { log, isFollowed } = this.#options;
    return log.subscribers > 0 || isFollowed();
  }

  get #agent(): AgentPresence {
    const { isAlive, work } = this.#options.gate.agent;
    return { isAlive, isInTurn: work.isInTurn };
  }

  #stateAfter(state: SessionState): SessionStateName {
    const { lifecycle } = this.#options;
    if (!lifecycle.isLiving && !lifecycle.isDeleting) return 'closed';
    return workAfter(state, this.#agent);
  }
}

function workAfter(
  { requests, turn, queue }: SessionState,
  { isAlive, isInTurn }: AgentPresence,
): Exclude<SessionStateName, 'closed'> {
  if (requests.size > 0) return 'awaiting';
  if (turn || queue.length > 0 || isInTurn) return 'running';
  return isAlive ? 'idle' : 'dormant';
}
