import type { EventPayloads, ModelUsage, WireEvent } from '../../../protocol/events.js';
import { isRecord } from '../../../protocol/is-record.js';
import { TurnCosts } from '../turn-costs.js';
import { forPeople } from './for-people.js';
import type { MessageOf } from './sdk-message.js';

type Result = MessageOf<'result'>;
type Payload = EventPayloads['result'];

/** How many characters of the final text, and of the structured output as JSON, a result has. */
const MAX_RESULT_CHARS = 65_536;
const MAX_OUTPUT_CHARS = 262_144;
/** How many errors, denials and models a result lists. */
const MAX_LISTED = 100;

/** Translates the results of one agent, and counts the cost of its session. */
export class TurnResults {
  readonly #sessionId: string;
  readonly #costs: TurnCosts;

  /** @param costUsd the cost of the session before this agent was started */
  constructor(sessionId: string, costUsd: number) {
    this.#sessionId = sessionId;
    this.#costs = new TurnCosts(costUsd);
  }

  /** @param apiError the sentence about the API error that ended the turn, or null */
  translate(message: Result, apiError: string | null): WireEvent {
    const cost = this.#costs.add(message);
    const isApiError = apiError !== null || message.terminal_reason === 'api_error';
    return {
      event: 'result',
      data: {
        session_id: this.#sessionId,
        subtype: message.subtype,
        is_error: message.is_error || isApiError,
        total_cost_usd: cost,
        session_cost_usd: this.#costs.sessionUsd,
        duration_ms: message.duration_ms,
        num_turns: message.num_turns,
        usage: message.usage,
        ...errors(message, apiError),
        ...(isApiError || message.is_error ? {} : text(message)),
        ...structuredOutput(message),
        ...(message.terminal_reason !== undefined && { terminal_reason: message.terminal_reason }),
        ...(message.stop_reason !== undefined && { stop_reason: message.stop_reason }),
        ...modelUsage(message),
        ...denials(message),
        ...(isUnasked(message) ? { unasked: true } : {}),
      },
    };
  }
}

/** The text of an API error is the SDK's, and can contain the address of the API. */
function errors(message: Result, apiError: string | null): Pick<Payload, 'errors'> {
  if (apiError !== null) return { errors: [apiError] };
  if (!('errors' in message)) return {};
  if (message.startup_failure_reason !== undefined) {
    return { errors: ['The agent could not start. See the server log.'] };
  }
  const told = message.errors.filter(isForPeople).slice(0, MAX_LISTED).map(forPeople);
  return told.length > 0 ? { errors: told } : {};
}

function text(message: Result): Pick<Payload, 'result'> {
  if (message.subtype !== 'success' || typeof message.result !== 'string') return {};
  return message.result.length > MAX_RESULT_CHARS ? {} : { result: message.result };
}

function structuredOutput(
  message: Result,
): Pick<Payload, 'structured_output' | 'structured_output_omitted'> {
  if (message.subtype !== 'success' || message.structured_output === undefined) return {};
  const { structured_output } = message;
  const isTooLong = JSON.stringify(structured_output).length > MAX_OUTPUT_CHARS;
  return isTooLong ? { structured_output_omitted: true } : { structured_output };
}

/** Returns the usage since the previous result, which the SDK's types omit. Its `modelUsage` is a running total. */
function modelUsage(message: Result): Pick<Payload, 'model_usage'> {
  const since: unknown =
    'model_usage_since_last_result' in message ? message.model_usage_since_last_result : undefined;
  if (!isRecord(since)) return {};
  const models = Object.entries(since).slice(0, MAX_LISTED);
  return { model_usage: Object.fromEntries(models.map(([model, of]) => [model, usageOf(of)])) };
}

function usageOf(usage: unknown): ModelUsage {
  const count = (field: string): number => {
    const value = isRecord(usage) ? usage[field] : 0;
    return typeof value === 'number' ? value : 0;
  };
  return {
    input_tokens: count('inputTokens'),
    output_tokens: count('outputTokens'),
    cache_read_input_tokens: count('cacheReadInputTokens'),
    cache_creation_input_tokens: count('cacheCreationInputTokens'),
    cost_usd: count('costUSD'),
  };
}

/** The inputs of the denied calls are in their `tool_use` events. */
function denials({ permission_denials }: Result): Pick<Payload, 'permission_denials'> {
  // oxlint-disable-next-line no-unnecessary-condition -- an older SDK sends none
  if (!permission_denials?.length) return {};
  const listed = permission_denials.slice(-MAX_LISTED);
  return {
    permission_denials: listed.map(({ tool_name, tool_use_id }) => ({ tool_name, tool_use_id })),
  };
}

/** Returns true for a turn that the agent began by itself and that answered no user message. */
function isUnasked({ origin, user_message_uuid }: Result): boolean {
  return origin !== undefined && origin.kind !== 'human' && user_message_uuid === undefined;
}

/** Returns false for the diagnostic line that the SDK adds to an aborted turn. */
function isForPeople(error: string): boolean {
  return !error.startsWith('[ede_diagnostic]');
}
