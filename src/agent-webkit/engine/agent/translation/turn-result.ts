import type { WireEvent } from '../../../protocol/events.js';
import { TurnCosts } from '../turn-costs.js';
import type { MessageOf } from './sdk-message.js';

type Result = MessageOf<'result'>;

/** Translates the results of one agent, and counts the cost of its session. */
export class TurnResults {
  readonly #sessionId: string;
  readonly #costs: TurnCosts;

  /** @param costUsd the cost of the session before this agent was started */
  constructor(sessionId: string, costUsd: number) {
    this.#sessionId = sessionId;
    this.#costs = new TurnCosts(costUsd);
  }

  translate(message: Result): WireEvent {
    const cost = this.#costs.add(message);
    const errors = 'errors' in message ? message.errors.filter(isForPeople) : [];
    return {
      event: 'result',
      data: {
        session_id: this.#sessionId,
        subtype: message.subtype,
        is_error: message.is_error,
        total_cost_usd: cost,
        session_cost_usd: this.#costs.sessionUsd,
        duration_ms: message.duration_ms,
        num_turns: message.num_turns,
        usage: message.usage,
        ...(errors.length > 0 ? { errors } : {}),
        ...(isUnasked(message) ? { unasked: true } : {}),
      },
    };
  }
}

/** Returns true for a turn that the agent began by itself and that answered no user message. */
function isUnasked({ origin, user_message_uuid }: Result): boolean {
  return origin !== undefined && origin.kind !== 'human' && user_message_uuid === undefined;
}

/** Returns false for the diagnostic line that the SDK adds to an aborted turn. */
function isForPeople(error: string): boolean {
  return !error.startsWith('[ede_diagnostic]');
}
