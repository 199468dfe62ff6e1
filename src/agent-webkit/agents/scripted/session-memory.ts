import type { PastTurn } from './script.js';

/** The number of turns that are remembered per session; older ones are forgotten. */
const MAX_TURNS = 100;
/** The number of sessions that are remembered. Beyond it, the session that was started first is forgotten. */
const MAX_SESSIONS = 1000;

/** A finished turn, and the id of its message. */
export interface RememberedTurn {
  readonly messageId: string;
  readonly past: PastTurn;
}

/** The memory of a session, which outlives its agents. */
export class SessionMemory {
  /** The cost of the session so far, in US dollars. */
  costUsd = 0;
  #turnCount = 0;
  #turns: readonly RememberedTurn[] = [];

  /** The number of turns of the session, including forgotten ones. */
  get turnCount(): number {
    return this.#turnCount;
  }

  /** The remembered turns, oldest first. */
  get history(): readonly PastTurn[] {
    return this.#turns.map(({ past }) => past);
  }

  /** Replaces the memory by that of a journal. */
  restore(turns: readonly RememberedTurn[], costUsd: number): void {
    this.#turnCount = turns.length;
    this.#turns = turns.slice(-MAX_TURNS);
    this.costUsd = costUsd;
  }

  remember(turn: RememberedTurn): void {
    this.#turnCount += 1;
    this.#turns = [...this.#turns, turn].slice(-MAX_TURNS);
  }

  has(messageId: string, rewindTo?: string): boolean {
    const turns = rewindTo === undefined ? this.#turns : turnsBefore(rewindTo, this.#turns);
    return turns.some((turn) => turn.messageId === messageId);
  }

  /** Forgets the turn of a message, and all later ones. Does nothing when it is not remembered. */
  rewindTo(messageId: string): void {
    const before = turnsBefore(messageId, this.#turns);
    this.#turnCount -= this.#turns.length - before.length;
    this.#turns = before;
  }
}

/** Returns the turns before that of a message; all of them when it is not among them. */
export function turnsBefore(
  messageId: string,
  turns: readonly RememberedTurn[],
): readonly RememberedTurn[] {
  const index = turns.findIndex((turn) => turn.messageId === messageId);
  return index === -1 ? turns : turns.slice(0, index);
}

/** The memories of the sessions of one factory. */
export class SessionMemories {
  readonly #memories = new Map<string, SessionMemory>();

  /** Returns true when an agent of the session remembers the turn of a message. */
  has(sessionId: string, messageId: string, rewindTo?: string): boolean {
    return this.#memories.get(sessionId)?.has(messageId, rewindTo) ?? false;
  }

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
