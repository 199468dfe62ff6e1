import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import type { Query } from '@anthropic-ai/claude-agent-sdk';
import type { SDKMessage } from '../../engine/agent-client.js';
import { createDeferred } from './deferred.js';

/** How long to wait between two interrupts of a turn, if the process reports nothing. */
const REPEAT_MS = 50;
/** How long a process may take to report that it has begun a message which it could not withdraw. */
const BEGIN_REPORT_MS = 100;

/** A report of a process about a user message. The SDK's types do not have this message. */
export interface CommandLifecycle {
  type: 'command_lifecycle';
  command_uuid: string;
  state: 'queued' | 'started' | 'completed' | 'cancelled';
}

/** A method of the SDK's query that its types do not have. */
export interface Withdrawing {
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
  /** The message that the process has begun; null between turns. */
  #begun: string | null = null;
  /** The newest message whose end the process has reported, and its state. */
  #ended: CommandLifecycle | null = null;
  /** Messages that are withdrawn, until the process has reported their end. */
  readonly #withdrawn = new Set<string>();
  /** Resolves with the next report of the process. */
  #report = createDeferred<undefined>();

  constructor(query: Query) {
    this.#query = query;
  }

  /** Observes a message of the process. Returns false when it belongs to the turn of a withdrawn message. */
  observe(message: SDKMessage | CommandLifecycle): boolean {
    if (message.type !== 'command_lifecycle') {
      return this.#begun === null || !this.#withdrawn.has(this.#begun);
    }
    const { command_uuid: messageId, state } = message;
    if (state === 'started') {
      this.#begun = messageId;
      // Fails only together with the process.
      if (this.#withdrawn.has(messageId)) this.#interruptBegun(messageId).catch(() => {});
    } else if (state !== 'queued') {
      this.#ended = message;
      this.#withdrawn.delete(messageId);
      if (this.#begun === messageId) this.#begun = null;
    }
    this.#report.resolve(undefined);
    this.#report = createDeferred();
    return true;
  }

  /**
   * Interrupts the turn of the newest message that the process has received. Resolves when that turn is over,
   * to `'withdrawn'` when the process will not begin it.
   *
   * A process answers an interrupt with the messages that it has not begun, and runs those all the same.
   * Such a message is withdrawn, if the process has it in its queue. If not, the process has either begun
   * it at this moment, which it reports, or holds it back while it starts. Then it withdraws the message
   * as soon as it has started, and the turn need not wait for that.
   *
   * An interrupt is also lost when the process has begun the turn just now. Therefore it is repeated.
   */
  async interrupt(messageId: string | undefined): Promise<'withdrawn' | undefined> {
    // The SDK writes a message a few microtasks after it has read it.
    await setImmediate();
    if (messageId === undefined || this.#isOver(messageId)) {
      await this.#query.interrupt();
      return undefined;
    }
    while (!this.#isOver(messageId)) {
      // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
      if ((await this.#interruptOnce(messageId)) && (await this.#withdraw(messageId))) {
        return 'withdrawn';
      }
      // oxlint-disable-next-line no-await-in-loop
      if (!this.#isOver(messageId)) await this.#nextReport();
    }
    return undefined;
  }

  /** Withdraws a message that the process has not begun. Resolves to false when it begins it now. */
  async #withdraw(messageId: string): Promise<boolean> {
    const isWithdrawn = await this.#query.cancelAsyncMessage?.(messageId);
    const until = performance.now() + (isWithdrawn ? 0 : BEGIN_REPORT_MS);
    while (this.#begun !== messageId) {
      if (this.#isOver(messageId)) return this.#ended?.state === 'cancelled';
      if (performance.now() >= until) {
        this.#withdrawn.add(messageId);
        return true;
      }
      // oxlint-disable-next-line no-await-in-loop -- no report says that nothing has begun
      await this.#nextReport();
    }
    return false;
  }

  async #interruptBegun(messageId: string): Promise<void> {
    while (this.#begun === messageId) {
      // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
      await this.#interruptOnce(messageId);
      // oxlint-disable-next-line no-await-in-loop
      if (this.#begun === messageId) await this.#nextReport();
    }
  }

  /** Returns true when the interrupt came before the process had begun this message. */
  async #interruptOnce(messageId: string): Promise<boolean> {
    const receipt = await this.#query.interrupt();
    return receipt?.still_queued?.some((queued) => queued === messageId) ?? false;
  }

  #isOver(messageId: string): boolean {
    return this.#ended?.command_uuid === messageId;
  }

  /** Resolves with the next report of the process, or after a while. */
  async #nextReport(): Promise<void> {
    await Promise.race([this.#report.promise, delay(REPEAT_MS)]);
  }
}
