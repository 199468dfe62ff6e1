import type { EventName, WireEvent } from '../../../protocol/events.js';
import { NOTICE_NAMES } from '../../../protocol/notices.js';

/** How many notices of one name a turn publishes before it publishes only the 64th, the 128th and so on. */
const MAX_EACH = 32;

/** The events whose number this limit bounds: all notices but those that stream text, and failures. */
const LIMITED: ReadonlySet<EventName> = new Set<EventName>([
  ...(Object.keys(NOTICE_NAMES) as (keyof typeof NOTICE_NAMES)[]),
  'error',
]);

/**
 * Bounds the number of notices in one turn, so that they never evict a conversation from its log: of
 * n notices of a name, at most 32 + log2(n / 32) are published. A condition that lasts is never
 * silent for good.
 */
export class NoticeLimit {
  readonly #counts = new Map<EventName, number>();

  /** Returns the events that may be published, in their order. */
  limit(events: WireEvent[]): WireEvent[] {
    return events.filter(({ event }) => {
      if (!LIMITED.has(event) || event === 'thinking_delta') return true;
      const count = (this.#counts.get(event) ?? 0) + 1;
      this.#counts.set(event, count);
      return count <= MAX_EACH || Number.isInteger(Math.log2(count));
    });
  }

  endTurn(): void {
    this.#counts.clear();
  }
}
