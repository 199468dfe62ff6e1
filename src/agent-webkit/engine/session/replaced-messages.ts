import type { SdkFactory, StoredConversation } from '../agent-client.js';
import { MessageNotReplaceableError } from '../errors.js';
import type { EventLog } from '../event-log/event-log.js';

export interface ReplacedMessagesOptions {
  log: EventLog;
  /** Returns true while the agent has work, also such that it began by itself. */
  isAtWork: () => boolean;
  /** Resolves to true when the agent's present conversation has a message that began a turn. */
  hasTurn: (messageId: string) => Promise<boolean>;
}

/** Decides which messages can be replaced: the agent then forgets them, and everything after them. */
export class ReplacedMessages {
  readonly #options: ReplacedMessagesOptions;

  constructor(options: ReplacedMessagesOptions) {
    this.#options = options;
  }

  /** @throws MessageNotReplaceableError when the agent does not have the message, or something has to end before */
  async check(messageId: string): Promise<void> {
    this.assertAtRest(messageId);
    if (!(await this.#options.hasTurn(messageId))) throw new MessageNotReplaceableError(messageId);
  }

  /** @throws MessageNotReplaceableError while something has to end before the message can be replaced */
  assertAtRest(messageId: string): void {
    const { log, isAtWork } = this.#options;
    const { turn, queue, tasks } = log.state;
    const isAtRest = turn === null && queue.length === 0 && tasks.size === 0 && !isAtWork();
    if (!isAtRest) throw new MessageNotReplaceableError(messageId, 'busy');
  }
}

/** Returns a function for {@link ReplacedMessagesOptions.hasTurn} that asks a factory; one without an answer has none. */
export function turnSearch(
  sdkFactory: SdkFactory,
  conversation: () => StoredConversation | null,
): ReplacedMessagesOptions['hasTurn'] {
  return async (messageId) => {
    const stored = conversation();
    return (stored && (await sdkFactory.hasTurn?.(stored, messageId))) ?? false;
  };
}
