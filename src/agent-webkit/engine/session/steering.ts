import type { AgentInput, SdkFactory, StoredConversation } from '../agent-client.js';
import type { EngineLogger } from '../engine-logger.js';
import type { EventLog } from '../event-log/event-log.js';
import { retry } from '../timing/retry.js';
import { isPermittedCommand, type PermittedCommands } from '../slash-command.js';

export interface SteeringOptions {
  sessionId: string;
  log: EventLog;
  commands: PermittedCommands;
  /** Returns those of the messages that the stored conversation has. The agent is gone. */
  findMessages: (messageIds: readonly string[]) => Promise<readonly string[]>;
  logger: EngineLogger;
}

/**
 * The messages for the next step of the running turn.
 *
 * Such a message is queued like any other. It is *taken* when the agent is about to make its next request to the
 * model, and *delivered* when the conversation has it, which the log records. One that was taken and not delivered
 * is queued again when the turn ends.
 *
 * It is *uncertain* when its agent has gone meanwhile, or its server: the conversation in the storage decides. Until
 * that is read, the message is neither taken nor started, so that it is never lost and never delivered twice.
 */
export class Steering {
  readonly #options: SteeringOptions;
  readonly #log: EventLog;
  readonly #taken = new Set<string>();
  readonly #uncertain = new Set<string>();
  readonly #closed = new AbortController();
  #settling: Promise<void> | null = null;

  constructor(options: SteeringOptions) {
    this.#options = options;
    this.#log = options.log;
    // The agents of an earlier server may have taken them.
    for (const { messageId, isForNextStep } of options.log.state.queue) {
      if (isForNextStep) this.#uncertain.add(messageId);
    }
  }

  /** True while it is not known if the last turn has received a message. */
  get isUncertain(): boolean {
    return this.#uncertain.size > 0;
  }

  /** True while an agent has a message of the queue, or may have had it. */
  isTaken(messageId: string): boolean {
    return this.#taken.has(messageId) || this.#uncertain.has(messageId);
  }

  /** Returns the committed messages for the next step of the running turn. The agent now has them. */
  take(): readonly AgentInput[] {
    const { state, committed } = this.#log;
    const taken = state.queue.filter(
      ({ messageId, content, isForNextStep }) =>
        isForNextStep &&
        !this.isTaken(messageId) &&
        // A command is a turn of its own.
        !isPermittedCommand(content, this.#options.commands) &&
        committed.queue.some((stored) => stored.content === content),
    );
    for (const { messageId } of taken) this.#taken.add(messageId);
    return taken.map(({ messageId, content }) => ({ messageId, content, isCommand: false }));
  }

  /** Records that the conversation of the agent has a message. */
  delivered(messageId: string): void {
    if (this.#taken.delete(messageId)) this.#record(messageId);
  }

  /** Queues again what was taken and not delivered, because the agent has ended its turn without it. */
  endTurn(): void {
    this.#taken.clear();
  }

  /** Makes uncertain what was taken and not delivered, because the agent has gone. */
  loseAgent(): void {
    for (const messageId of this.#taken) this.#uncertain.add(messageId);
    this.#taken.clear();
  }

  /** Ends the search for uncertain messages, which stay so. */
  close(): void {
    this.#closed.abort();
  }

  /** Finds out which messages the conversation has. Resolves when no message is uncertain. Never rejects. */
  settle(): Promise<void> {
    this.#settling ??= this.#settle().finally(() => {
      this.#settling = null;
    });
    return this.#settling;
  }

  async #settle(): Promise<void> {
    const asked = [...this.#uncertain];
    const found = await this.#find(asked).catch(() => null);
    if (found === null) return; // closed: the next server finds out
    for (const messageId of found) {
      if (this.#uncertain.delete(messageId)) this.#record(messageId);
    }
    for (const messageId of asked) this.#uncertain.delete(messageId);
  }

  /** Reads the conversation, again until the storage answers: a message that it may have must not be sent again. */
  #find(asked: readonly string[]): Promise<readonly string[]> {
    const { sessionId, findMessages, logger } = this.#options;
    const { signal } = this.#closed;
    let isReported = false;
    return retry(() => findMessages(asked), {
      signal,
      isFinal: () => signal.aborted,
      onFailure: (error) => {
        if (isReported) return;
        isReported = true;
        const problem = `could not read its conversation for steered messages. Retrying. ${String(error)}`;
        logger.warn(`Session ${sessionId}: ${problem}`);
      },
    });
  }

  #record(messageId: string): void {
    const { queue, lastTurnId } = this.#log.state;
    const message = queue.find((queued) => queued.messageId === messageId);
    if (lastTurnId === null || !message) return;
    const { by } = message;
    const data = { message_id: messageId, turn: lastTurnId, ...(by !== undefined && { by }) };
    // A log that has failed ends the session by itself.
    this.#log.append({ event: 'message_delivered', data })?.catch(() => undefined);
  }
}

/** Returns a function for {@link SteeringOptions.findMessages} that asks a factory; one without an answer finds none. */
export function conversationSearch(
  sdkFactory: SdkFactory,
  conversation: () => StoredConversation | null,
): SteeringOptions['findMessages'] {
  return async (messageIds) => {
    const stored = conversation();
    return (stored && (await sdkFactory.findMessages?.(stored, messageIds))) ?? [];
  };
}
