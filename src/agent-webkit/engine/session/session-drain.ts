import type { DurableTranscripts } from '../agent/durable-transcripts.js';
import type { EventLog } from '../event-log/event-log.js';
import type { SessionLifecycle } from './session-lifecycle.js';
import type { TurnGate } from './turn-gate.js';

export interface SessionDrainOptions {
  log: EventLog;
  gate: TurnGate;
  lifecycle: SessionLifecycle;
  transcripts: DurableTranscripts | null;
  /** Returns true while the server drains. */
  isDraining: () => boolean;
  /** Returns true while the session handles a request of a client. */
  hasRequests: () => boolean;
  /** Stops the agent, which is idle. Causes another {@link SessionDrain.update}. */
  stopAgent: () => void;
  /** Called when the session can leave this server. */
  onReleasable: () => void;
}

/**
 * How soon a session without work is checked again before it leaves, in milliseconds: it may be writing, and one that was just
 * loaded for a request of a client has not received it yet.
 */
const CHECK_MS = 50;

/**
 * Lets a session leave a server that drains, as soon as it does not work: after its turn, its open
 * requests and its background tasks. Its agent is stopped, and what it has written is stored first.
 */
export class SessionDrain {
  readonly #options: SessionDrainOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SessionDrainOptions) {
    this.#options = options;
  }

  /** Takes the next step. Call it when the server begins to drain, and when work may have ended. */
  update(): void {
    clearTimeout(this.#timer);
    if (!this.#hasNoAgent()) return;
    this.#timer = setTimeout(() => this.#leave(), CHECK_MS).unref();
  }

  #leave(): void {
    if (!this.#hasNoAgent()) return;
    if (this.#isWriting) this.update();
    else this.#options.onReleasable();
  }

  /** Returns true when nothing but writing is left. Otherwise parks or stops the agent, if that is possible now. */
  #hasNoAgent(): boolean {
    const { gate, lifecycle, isDraining, stopAgent } = this.#options;
    if (!isDraining() || !lifecycle.isLiving) return false;
    // Leads to another update when it has stopped the agent.
    if (!gate.isParked && gate.park()) return false;
    if (this.#isWorking) return false;
    if (!gate.agent.isAlive) return true;
    if (gate.isOpen) stopAgent();
    return false;
  }

  get #isWorking(): boolean {
    const { log, gate, hasRequests } = this.#options;
    if (hasRequests()) return true;
    if (gate.isParked) return false;
    return log.state.turn !== null || log.state.requests.size > 0 || gate.agent.work.isAtWork;
  }

  get #isWriting(): boolean {
    const { log, transcripts } = this.#options;
    return !log.isCommitted || (transcripts?.isWriting ?? false);
  }
}
