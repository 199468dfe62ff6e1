import type { WireEvent } from '../../../protocol/events.js';
import type { SDKMessage } from '../../agent-client.js';
import { withoutGateway } from './for-people.js';
import { fromSubAgent, type MessageOf } from './sdk-message.js';

type Assistant = MessageOf<'assistant'>;
type ToolProgress = MessageOf<'tool_progress'>;

/** The name of the model in messages that the agent's program writes itself. */
const SYNTHETIC = '<synthetic>';

const NO_ACCESS =
  'The API rejects the credentials of this server. The operator must check the API key or the account.';

/** The sentences about an API error by its kind. The SDK's own texts can contain the address of the API. */
const SENTENCES: Readonly<Record<NonNullable<Assistant['error']>, string>> = {
  authentication_failed: NO_ACCESS,
  oauth_org_not_allowed: NO_ACCESS,
  account_on_hold: NO_ACCESS,
  verification_required: NO_ACCESS,
  cloud_credential_error: NO_ACCESS,
  billing_error: 'The API rejects requests because of the billing of the account.',
  rate_limit: 'The rate limit of the API is reached. Try again later.',
  overloaded: 'The API is overloaded. Try again later.',
  server_error: 'The API has a temporary problem. Try again later.',
  invalid_request: 'The API rejected the request as invalid.',
  model_not_found:
    'The model does not exist, or this server has no access to it. Select another one.',
  max_output_tokens: 'The answer is longer than the model may write. Ask for a shorter one.',
  unknown: 'The request to the API failed.',
};

const TOO_LONG =
  'The conversation is too long for the model. Send `/compact`, or create a new session.';

/** The text about a sub-agent that an API error has ended, up to the output that it had by then. */
const ENDED_SUB_AGENT =
  /^(.{0,100}?Agent terminated early due to an API error: ).*?(?=\n\nEverything below is PARTIAL output|$)/s;
/** How many characters of an API error are logged. */
const MAX_LOGGED = 1000;
const ERROR_TYPE = /\(error type (\w+)/;

/**
 * Returns the output of a tool, or the summary of a task, with a sentence in place of the text of an API
 * error. The tool or the task can be a sub-agent.
 */
export function withoutApiError(text: string): string {
  return withoutGateway(text).replace(
    ENDED_SUB_AGENT,
    (error, start: string) => start + sentenceOf(ERROR_TYPE.exec(error)?.[1] ?? 'unknown'),
  );
}

/** Returns the SDK's own text about an API error, for the log of the server only; null for another message. */
export function apiErrorText(message: SDKMessage): string | null {
  if (message.type !== 'assistant' || !isApiError(message)) return null;
  const [block] = message.message.content;
  return block?.type === 'text' ? block.text.slice(0, MAX_LOGGED) : null;
}

/** Translates failed requests to the model's API, without the texts of the API and its address. */
export class ApiErrors {
  /** The codes that were published as `error` in this turn. */
  readonly #published = new Set<string>();
  #sentence: string | null = null;

  /** The sentence about the API error that ended the turn; null if there was none. */
  get sentence(): string | null {
    return this.#sentence;
  }

  retry(message: MessageOf<'system/api_retry'>): WireEvent[] {
    const { attempt, max_retries, retry_delay_ms, error_status: status, error: kind } = message;
    return [
      { event: 'api_retry', data: { attempt, max_retries, retry_delay_ms, status, kind } },
      // A rejected key is reported at once, although the agent retries for minutes.
      ...(sentenceOf(kind) === NO_ACCESS ? this.#error(NO_ACCESS) : []),
    ];
  }

  /** Translates the retry of a request of a sub-agent. */
  subAgentRetry(
    message: ToolProgress,
    retry: NonNullable<ToolProgress['subagent_retry']>,
  ): WireEvent[] {
    const { attempt, max_retries, retry_delay_ms, error_status: status } = retry;
    const kind = retry.error_category;
    const parent_tool_use_id = message.parent_tool_use_id ?? message.tool_use_id;
    const data = { attempt, max_retries, retry_delay_ms, status, kind, parent_tool_use_id };
    return [{ event: 'api_retry', data }];
  }

  /** Returns the message, with a sentence in place of the text of an API error. */
  clean(message: Assistant): Assistant {
    if (!isApiError(message)) return message;
    const text = describe(message, message.error);
    const content = [{ type: 'text' as const, text, citations: null }];
    return { ...message, message: { ...message.message, content } };
  }

  /** Returns the event about the API error that a message of the main conversation reports. */
  report(message: Assistant): WireEvent[] {
    if (message.error === undefined || 'parent_tool_use_id' in fromSubAgent(message)) return [];
    this.#sentence = describe(message, message.error);
    return this.#error(this.#sentence);
  }

  endTurn(): void {
    this.#published.clear();
    this.#sentence = null;
  }

  /** Publishes each code once in a turn. */
  #error(message: string): WireEvent[] {
    const code = message === NO_ACCESS ? 'agent_authentication_failed' : 'agent_api_error';
    if (this.#published.has(code)) return [];
    this.#published.add(code);
    return [{ event: 'error', data: { code, message } }];
  }
}

function isApiError(message: Assistant): message is Assistant & Required<Pick<Assistant, 'error'>> {
  return message.error !== undefined && message.message.model === SYNTHETIC;
}

function describe({ message }: Assistant, kind: string): string {
  const [block] = message.content;
  const isTooLong = block?.type === 'text' && block.text.startsWith('Prompt is too long');
  return isTooLong ? TOO_LONG : sentenceOf(kind);
}

/** Returns the sentence about a kind of error. A newer SDK may have kinds that its types do not have. */
function sentenceOf(kind: string): string {
  return Object.hasOwn(SENTENCES, kind)
    ? SENTENCES[kind as keyof typeof SENTENCES]
    : SENTENCES.unknown;
}
