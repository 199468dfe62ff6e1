import type { PastTurn } from './script.js';

/** A conversation longer than this forgets its beginning. */
const MAX_TURNS = 100;
/** More sessions than this, and the one that was started longest ago is forgotten. */
const MAX_SESSIONS = 1000;

/** What stays of a session between its agents. */
export class SessionMemory {
  /** What the session has cost so far, in US dollars. */
  costUsd = 0;
  #turnCount = 0;
  #history: PastTurn[] = [];

  /** How many turns the session has had, the forgotten ones included. */
  get turnCount(): number {
    return this.#turnCount;
  }

  /** The turns that are remembered, oldest first. */
  get history(): readonly PastTurn[] {
    return this.#history;
  }

  remember(turn: PastTurn): void {
    this.#turnCount += 1;
    this.#history = [...this.#history, turn].slice(-MAX_TURNS);
  }
}

/** The memories of all sessions of one factory, by session id. */
export class SessionMemories {
  readonly #memories = new Map<string, SessionMemory>();

  /** The memory to start an agent with: the session's own on a resume, else a new one. */
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
