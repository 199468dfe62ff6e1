import type { SdkFactory, StoredConversation } from '../agent-client.js';
import { MessageNotReplaceableError } from '../errors.js';
import type { EventLog } from '../event-log/event-log.js';

export interface ReplacedMessagesOptions {
  log: EventLog;
  /** Returns true while the agent has work, also such that it began by itself. */
  isAtWork: () => boolean;
  /** Resolves to true when the next agent remembers a message that began a turn. */
  hasTurn: (messageId: string) => Promise<boolean>;
}

/** Decides which messages can be replaced: the agent then forgets them, and everything after them. */
export class ReplacedMessages {
  readonly #options: ReplacedMessagesOptions;

  constructor(options: ReplacedMessagesOptions) {
    this.#options = options;
  }

  /**
   * Checks that the agent has a message. Resolves to a function that is to be called right before the replacement is
   * accepted, and throws when there was another turn meanwhile, or something has to end before.
   *
   * @throws MessageNotReplaceableError
   */
  async check(messageId: string): Promise<() => void> {
    const { log, hasTurn } = this.#options;
    this.#assertIdle(messageId);
    const { lastTurnId } = log.state;
    if (!(await hasTurn(messageId))) throw new MessageNotReplaceableError(messageId);
    return () => {
      this.#assertIdle(messageId);
      if (log.state.lastTurnId !== lastTurnId) {
        throw new MessageNotReplaceableError(messageId, 'busy');
      }
    };
  }

  #assertIdle(messageId: string): void {
    const { log, isAtWork } = this.#options;
    const { turn, queue, tasks } = log.state;
    const isIdle = turn === null && queue.length === 0 && tasks.size === 0 && !isAtWork();
    if (!isIdle) throw new MessageNotReplaceableError(messageId, 'busy');
  }
}

/** Returns a function for {@link ReplacedMessagesOptions.hasTurn} that asks a factory; one without an answer has none. */
export function turnSearch(
  sdkFactory: SdkFactory,
  conversation: () => StoredConversation | null,
  replaced: () => string | null,
): ReplacedMessagesOptions['hasTurn'] {
  return async (messageId) => {
    const stored = conversation();
    if (!stored) return false;
    return (await sdkFactory.hasTurn?.(stored, messageId, replaced() ?? undefined)) ?? false;
  };
}
