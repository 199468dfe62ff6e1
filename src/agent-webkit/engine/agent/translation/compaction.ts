import type { EventPayloads, WireEvent } from '../../../protocol/events.js';
import type { MessageOf } from './sdk-message.js';

type End = EventPayloads['compaction_end'];

/** The reason for which the agent refuses to compact. Other reasons can contain texts of the API. */
const TOO_SHORT = 'Not enough messages to compact.';
/** The reason of a compaction that was interrupted. */
const ABORTED = 'API Error: Request was aborted.';
const FAILED = 'The conversation could not be compacted.';

/**
 * Translates the compaction of a conversation. The SDK reports its end with a status, and its figures
 * in a message after that. Each start has one end.
 */
export class Compaction {
  /** Open from the start to the end, `succeeded` while the figures are missing. */
  #state: 'none' | 'open' | 'succeeded' = 'none';

  status(message: MessageOf<'system/status'>): WireEvent[] {
    if (message.status === 'compacting') return this.#start();
    if (message.compact_result === 'failed') {
      if (message.compact_error === ABORTED) return this.#end({ outcome: 'cancelled' });
      const text = message.compact_error === TOO_SHORT ? TOO_SHORT : FAILED;
      return this.#end({ outcome: 'failed', message: text });
    }
    if (message.compact_result === 'success') {
      const start = this.#start();
      this.#state = 'succeeded';
      return start;
    }
    // The permission mode changes in a status of its own, which is not about compaction.
    if (message.status !== null || message.permissionMode !== undefined) return [];
    return this.#state === 'open' ? this.#end({ outcome: 'cancelled' }) : [];
  }

  boundary({ compact_metadata }: MessageOf<'system/compact_boundary'>): WireEvent[] {
    const { trigger, pre_tokens, post_tokens, duration_ms } = compact_metadata;
    return this.#end({
      outcome: 'completed',
      trigger,
      tokens_before: pre_tokens,
      ...(post_tokens !== undefined && { tokens_after: post_tokens }),
      ...(duration_ms !== undefined && { duration_ms }),
    });
  }

  endTurn(): WireEvent[] {
    if (this.#state === 'none') return [];
    return this.#end({ outcome: this.#state === 'open' ? 'cancelled' : 'completed' });
  }

  #start(): WireEvent[] {
    if (this.#state !== 'none') return [];
    this.#state = 'open';
    return [{ event: 'compaction_start', data: {} }];
  }

  #end(data: End): WireEvent[] {
    const start = this.#start();
    this.#state = 'none';
    return [...start, { event: 'compaction_end', data }];
  }
}
