import type { WireEvent } from '../../protocol/events.js';
import type { AgentStart, McpServerState, SDKMessage } from '../agent-client.js';
import type { EngineLogger } from '../engine-logger.js';
import type { ProposedPlans } from './proposed-plans.js';
import { apiErrorText } from './translation/api-errors.js';
import { Conversation } from './translation/conversation.js';
import { MessageTranslator } from './translation/message-translator.js';

/**
 * Turns the messages of one agent into events, in the order in which the agent sends them. Errors among
 * them are logged, too: the operator must know of those that only the operator can fix.
 */
export class AgentMessages {
  readonly #sessionId: string;
  readonly #translator: MessageTranslator;
  readonly #conversation = new Conversation();
  readonly #plans: ProposedPlans;
  readonly #logger: EngineLogger;

  /** @param costUsd the cost of the session so far, in US dollars */
  constructor(
    { sessionId }: Pick<AgentStart, 'sessionId'>,
    costUsd: number,
    plans: ProposedPlans,
    logger: EngineLogger,
  ) {
    this.#sessionId = sessionId;
    this.#translator = new MessageTranslator(sessionId, costUsd);
    this.#plans = plans;
    this.#logger = logger;
  }

  /** Returns the events of a message. */
  read(message: SDKMessage): WireEvent[] {
    const begun = this.#conversation.observe(message);
    const events = [...begun, ...this.#translate(message)];
    this.#logApiError(message);
    return events;
  }

  /** Returns the events of a message of an agent that is being closed: none, except for what it could not store. */
  readLast(message: SDKMessage): WireEvent[] {
    return isLoss(message) ? this.#translate(message) : [];
  }

  /** Returns the events of a change of MCP servers. */
  readServers(servers: readonly McpServerState[]): WireEvent[] {
    return this.#translator.mcpChanges(servers);
  }

  /**
   * A message of an unexpected shape is skipped, and the agent continues. A `result` that cannot be
   * read is an error, because the turn would never end.
   */
  #translate(message: SDKMessage): WireEvent[] {
    try {
      this.#plans.observe(message);
      const events = this.#translator.translate(message);
      this.#logErrors(events);
      return events;
    } catch (error) {
      if (message.type === 'result') throw error;
      this.#logger.warn(
        `A message '${message.type}' could not be translated and was skipped: ${String(error)}`,
      );
      return [];
    }
  }

  #logErrors(events: readonly WireEvent[]): void {
    for (const { event, data } of events) {
      if (event !== 'error') continue;
      this.#logger.warn(`Session ${this.#sessionId}: ${data.code}. ${data.message}`);
    }
  }

  /** Logs the text of an API error, which no client receives. */
  #logApiError(message: SDKMessage): void {
    const text = apiErrorText(message);
    if (text === null) return;
    this.#logger.warn(
      `Session ${this.#sessionId}: a request to the API failed: ${JSON.stringify(text)}`,
    );
  }
}

/** Returns true for the report about a part of the conversation that is not stored, which may come when an agent exits. */
function isLoss(message: SDKMessage): boolean {
  return (
    message.type === 'system' &&
    (message.subtype === 'session_writes_lost' || message.subtype === 'mirror_error')
  );
}
