import type { SessionStateName } from '../../protocol/events.js';
import type { StatusSource } from '../event-log/event-log.js';
import type { SessionState } from '../event-log/session-state.js';
import type { SessionStatus } from '../storage.js';
import { toPendingRequest } from './request-events.js';
import { toSessionTask } from './tasks.js';

/** The parts of a session from which its status is read. */
export interface StatusParts {
  readonly log: { readonly state: SessionState };
  readonly activity: {
    readonly workState: Exclude<SessionStateName, 'closed'>;
    readonly hasAgent: boolean;
  };
}

/** Returns the open requests and the running tasks of a session, as clients see them. */
export function describeWork(state: SessionState): Pick<SessionStatus, 'pending' | 'tasks'> {
  const pending = [...state.requests.values()].map(toPendingRequest);
  const tasks = [...state.tasks.values()].map(toSessionTask);
  return { pending, tasks };
}

/**
 * The status of a session that its record has, so that other servers need not read the events to describe
 * the session. It is part of each append that changes it.
 */
export class StoredStatus implements StatusSource {
  readonly #parts: StatusParts;
  /** The state that was stored last; null when that is unknown. */
  #storedState: SessionStateName | null;
  #storedChanges: number | null = null;
  #storedAgent: boolean | null;
  /** True until the first append of a new session whose agent starts directly afterwards. */
  #isAgentExpected = false;

  /**
   * @param parts read only once the log is open, so they may be incomplete until then
   * @param stored the status in the record; nothing while there is none
   */
  constructor(parts: StatusParts, stored: SessionStatus | null | undefined) {
    this.#parts = parts;
    this.#storedState = stored?.state ?? null;
    this.#storedAgent = stored?.hasAgent ?? null;
  }

  get hasChanged(): boolean {
    const { workChanges } = this.#parts.log.state;
    this.#storedChanges ??= workChanges;
    const hasOther = this.#state !== this.#storedState || workChanges !== this.#storedChanges;
    return hasOther || this.#hasAgent !== this.#storedAgent;
  }

  take(): SessionStatus {
    const { state } = this.#parts.log;
    const name = this.#state;
    this.#storedState = name;
    this.#storedChanges = state.workChanges;
    const hasAgent = this.#hasAgent;
    this.#storedAgent = hasAgent;
    this.#isAgentExpected = false;
    return { state: name, hasAgent, ...describeWork(state) };
  }

  /** Makes the first status that of a session with an agent, which saves a second append. */
  expectAgent(): void {
    this.#isAgentExpected = true;
  }

  get #hasAgent(): boolean {
    return this.#parts.activity.hasAgent || this.#isAgentExpected;
  }

  get #state(): SessionStateName {
    if (this.#parts.log.state.closed) return 'closed';
    const { workState } = this.#parts.activity;
    return this.#isAgentExpected && workState === 'dormant' ? 'idle' : workState;
  }
}
