import type { PastTurn } from './script.js';

/** The number of turns that are remembered per session; older ones are forgotten. */
const MAX_TURNS = 100;
/** The number of sessions that are remembered. Beyond it, the session that was started first is forgotten. */
const MAX_SESSIONS = 1000;

/** The memory of a session, which outlives its agents. */
export class SessionMemory {
  /** The cost of the session so far, in US dollars. */
  costUsd = 0;
  #turnCount = 0;
  #history: PastTurn[] = [];

  /** The number of turns of the session, including forgotten ones. */
  get turnCount(): number {
    return this.#turnCount;
  }

  /** The remembered turns, oldest first. */
  get history(): readonly PastTurn[] {
    return this.#history;
  }

  /** Replaces the memory by that of a journal. */
  restore(turns: readonly PastTurn[], costUsd: number): void {
    this.#turnCount = turns.length;
    this.#history = turns.slice(-MAX_TURNS);
    this.costUsd = costUsd;
  }

  remember(turn: PastTurn): void {
    this.#turnCount += 1;
    this.#history = [...this.#history, turn].slice(-MAX_TURNS);
  }
}

/** The memories of the sessions of one factory. */
export class SessionMemories {
  readonly #memories = new Map<string, SessionMemory>();

  /** Returns the session's memory on a resume, else a new one. */
  open(sessionId: string, resume: boolean): SessionMemory {
    const memory = (resume && this.#memories.get(sessionId)) || new SessionMemory();
    this.#memories.delete(sessionId);
    this.#memories.set(sessionId, memory);
    if (this.#memories.size > MAX_SESSIONS) {
      const [oldest] = this.#memories.keys();
      if (oldest !== undefined) this.#memories.delete(oldest);
    }
    return memory;
  }
}
