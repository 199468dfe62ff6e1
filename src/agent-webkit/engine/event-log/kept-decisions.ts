import type { DecisionLink } from '../../protocol/events.js';
import type { SessionEvent } from '../session-event.js';

export interface DecisionLimits {
  /** How many decisions are kept after their events have left the window. */
  maxDecisions: number;
  /** How many characters of payload the events of these decisions may have together. */
  maxDecisionChars: number;
}

interface KeptDecision {
  readonly seqs: readonly number[];
  readonly chars: number;
}

/**
 * The newest decisions of a log, whose events stay in the storage when they leave the window. The last one
 * always stays, because the next one is linked to it.
 */
export class KeptDecisions {
  readonly #limits: DecisionLimits;
  #kept: KeptDecision[] = [];
  #chars = 0;
  #last: DecisionLink | null = null;

  constructor(limits: DecisionLimits) {
    this.#limits = limits;
  }

  /** The link of the last decision; null while there is none. */
  get last(): DecisionLink | null {
    return this.#last;
  }

  /** The seqs of the events of the kept decisions. */
  get seqs(): number[] {
    return this.#kept.flatMap(({ seqs }) => seqs);
  }

  /** Adds a decision, with the event of its request, which is missing only in a damaged log, and of its resolution. */
  add(request: SessionEvent | undefined, resolved: SessionEvent, link: DecisionLink): void {
    const events = request ? [request, resolved] : [resolved];
    const chars = events.reduce((sum, { data }) => sum + data.length, 0);
    this.#kept.push({ seqs: events.map(({ seq }) => seq), chars });
    this.#chars += chars;
    this.#last = link;
    const { maxDecisions, maxDecisionChars } = this.#limits;
    while (this.#kept.length > 1) {
      const isFull = this.#kept.length > maxDecisions || this.#chars > maxDecisionChars;
      if (!isFull) return;
      this.#chars -= this.#kept.shift()?.chars ?? 0;
    }
  }
}
