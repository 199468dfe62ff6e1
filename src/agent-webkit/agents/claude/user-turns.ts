import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import type { Query } from '@anthropic-ai/claude-agent-sdk';
import type { SDKMessage } from '../../engine/agent-client.js';

/** How long to wait between two interrupts of a turn that the process has begun and cannot interrupt yet. */
const REPEAT_MS = 20;
/** How long a process may take to report that it has begun a message which it could not withdraw. */
const BEGIN_REPORT_MS = 100;

/** A report of a process about a user message. The SDK's types do not have this message. */
interface CommandLifecycle {
  type: 'command_lifecycle';
  command_uuid: string;
  state: 'queued' | 'started' | 'completed' | 'cancelled';
}

/** A method of the SDK's query that its types do not have. */
interface Withdrawing {
  /** Resolves to true when the message is withdrawn. False means nothing: see {@link UserTurns.interrupt}. */
  cancelAsyncMessage(messageId: string): Promise<boolean>;
}

/**
 * The turns of user messages in one process.
 *
 * The turn of a message is *sent*, then *begun*, then *over*, or it is *withdrawn* before the process has
 * begun it. A withdrawn message has no result. The process may begin it at the same time. Then it is
 * interrupted again, and the messages of that turn are dropped.
 */
export class UserTurns {
  readonly #query: Query & Partial<Withdrawing>;
  /** The last report of the process. */
  #reported: CommandLifecycle | null = null;
  /** The message that the process has begun; null between turns. */
  #begun: string | null = null;
  /** Messages that are withdrawn, until the process has reported their end. */
  readonly #withdrawn = new Set<string>();

  constructor(query: Query) {
    this.#query = query;
  }

  /** Observes a message of the process. Returns false when it belongs to the turn of a withdrawn message. */
  observe(message: SDKMessage | CommandLifecycle): boolean {
    if (message.type !== 'command_lifecycle') {
      return this.#begun === null || !this.#withdrawn.has(this.#begun);
    }
    this.#reported = message;
    const { command_uuid: messageId, state } = message;
    if (state === 'started') {
      this.#begun = messageId;
      // Fails only together with the process.
      if (this.#withdrawn.has(messageId)) this.#interruptBegun(messageId).catch(() => {});
    } else if (state !== 'queued') {
      this.#withdrawn.delete(messageId);
      if (this.#begun === messageId) this.#begun = null;
    }
    return true;
  }

  /**
   * Interrupts the turn of the newest message that the process has received. Resolves to `'withdrawn'` when the process
   * will not begin it.
   *
   * A process answers an interrupt with the messages that it has not begun, and runs those all the same.
   * Such a message is withdrawn, if the process has it in its queue. If not, the process has either begun
   * it at this moment, which it reports, or holds it back while it starts. Then it withdraws the message
   * as soon as it has started, and the turn need not wait for that.
   */
  async interrupt(messageId: string | undefined): Promise<'withdrawn' | undefined> {
    // The SDK writes a message a few microtasks after it has read it.
    await setImmediate();
    const isEarly = await this.#interruptOnce(messageId);
    if (messageId === undefined || !isEarly) return undefined;
    const isWithdrawn = await this.#query.cancelAsyncMessage?.(messageId);
    const until = performance.now() + (isWithdrawn ? 0 : BEGIN_REPORT_MS);
    while (this.#begun !== messageId) {
      if (this.#isCancelled(messageId)) return 'withdrawn';
      if (performance.now() >= until) {
        this.#withdrawn.add(messageId);
        return 'withdrawn';
      }
      // oxlint-disable-next-line no-await-in-loop -- no event reports that nothing has begun
      await delay(REPEAT_MS);
    }
    await this.#interruptBegun(messageId);
    return undefined;
  }

  #isCancelled(messageId: string): boolean {
    return this.#reported?.state === 'cancelled' && this.#reported.command_uuid === messageId;
  }

  /** Interrupts a turn that has begun. A process cannot interrupt a turn that it has begun just now. */
  async #interruptBegun(messageId: string): Promise<void> {
    while (this.#begun === messageId && (await this.#interruptOnce(messageId))) {
      // oxlint-disable-next-line no-await-in-loop -- no event reports that the turn can be interrupted
      await delay(REPEAT_MS);
    }
  }

  /** Returns true when the interrupt came before the process could interrupt the turn of this message. */
  async #interruptOnce(messageId: string | undefined): Promise<boolean> {
    const receipt = await this.#query.interrupt();
    return receipt?.still_queued?.some((queued) => queued === messageId) ?? false;
  }
}
