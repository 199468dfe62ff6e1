import type { SessionStateName } from '../../protocol/events.js';
import type { AgentSlots } from '../agent/agent-slots.js';
import type { EventLog } from '../event-log/event-log.js';
import { IdleTimer } from '../timing/idle-timer.js';
import type { SessionState } from '../event-log/session-state.js';
import type { TurnGate } from './turn-gate.js';

export interface SessionActivityOptions {
  log: EventLog;
  gate: TurnGate;
  slots: AgentSlots;
  /** Whether the session takes nothing more. */
  isEnded: () => boolean;
  /** Whether something of it is still being stored. */
  isWriting: () => boolean;
  /** After how long without anything to do `onIdle` is called, in milliseconds; null for never. */
  idleTimeoutMs: number | null;
  onIdle: () => void;
  /** Called when the agent sleeps and nobody has followed the session for a while. */
  onUnused: () => void;
}

/** How long a session stays in memory whose agent sleeps, and which nobody follows. */
const UNUSED_TIMEOUT_MS = 60_000;

/** What a session is at, and what becomes of one that has nothing to do. */
export class SessionActivity {
  readonly #options: SessionActivityOptions;
  readonly #idle: IdleTimer;
  readonly #unused: IdleTimer;
  #restingSince = performance.now();

  constructor(options: SessionActivityOptions) {
    const { log, isWriting, idleTimeoutMs, onIdle, onUnused } = options;
    this.#options = options;
    this.#idle = new IdleTimer({
      timeoutMs: idleTimeoutMs,
      isIdle: () => this.idleSince !== null && log.subscribers === 0,
      onTimeout: onIdle,
    });
    this.#unused = new IdleTimer({
      timeoutMs: UNUSED_TIMEOUT_MS,
      isIdle: () => this.state === 'dormant' && log.subscribers === 0 && !isWriting(),
      onTimeout: onUnused,
    });
  }

  /** By everything that was said, committed or not. */
  get state(): SessionStateName {
    return this.#stateBy(this.#options.log.state);
  }

  /** By what is committed, which is what may be told. */
  get committedState(): SessionStateName {
    return this.#stateBy(this.#options.log.committed);
  }

  /** Since when the agent has had nothing to do, as `performance.now()`; null while it has, or there is none. */
  get idleSince(): number | null {
    const isIdle = this.state === 'idle' && !this.#options.gate.agentWork.isAtWork;
    return isIdle ? this.#restingSince : null;
  }

  /** Whether somebody follows the session, or it has something to do. */
  get isInUse(): boolean {
    return this.#options.log.subscribers > 0 || !['idle', 'dormant'].includes(this.state);
  }

  /** To be called when there may be nothing left to do. */
  rest(): void {
    this.#idle.restart();
    this.#unused.restart();
    this.#restingSince = performance.now();
    if (this.idleSince !== null) this.#options.slots.makeRoom();
  }

  /** To be called when there is something to do, or nothing ever again. */
  stir(): void {
    this.#idle.stop();
    this.#unused.stop();
  }

  #stateBy({ requests, turn, queue }: SessionState): SessionStateName {
    const { gate, isEnded } = this.#options;
    if (isEnded()) return 'closed';
    if (requests.size > 0) return 'awaiting';
    if (turn || queue.length > 0 || gate.agentWork.isInTurn) return 'running';
    return gate.isAgentAlive ? 'idle' : 'dormant';
  }
}
