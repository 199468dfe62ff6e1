import type { Bus } from '../bus.js';
import type { EngineLogger } from '../engine-logger.js';
import { within } from '../timing/within.js';
import { maxMessageBytes, MessageSeal } from './message-seal.js';

/** A message between servers, as parsed from JSON. The rest of its fields is not validated. */
export interface ClusterMessage {
  /** The type of the message. */
  readonly t: string;
  readonly [field: string]: unknown;
}

/** Handles the messages of one type. It validates their fields, and ignores those that are invalid. */
export type MessageHandler = (message: ClusterMessage) => void;

export interface ClusterMessagesOptions {
  readonly address: string;
  /** Null for none: nothing is sent or received, and servers only look into the storage. */
  readonly bus: Bus | null;
  readonly logger: EngineLogger;
}

const CLOSE_TIMEOUT_MS = 1000;

/** How often messages that this server cannot open are reported, in milliseconds. */
const REPORT_INTERVAL_MS = 60_000;

/** The short messages between servers, sealed. Any of them may be lost: also one that the bus delivers after a later one. */
export class ClusterMessages {
  readonly #address: string;
  readonly #bus: Bus | null;
  readonly #logger: EngineLogger;
  readonly #handlers = new Map<string, MessageHandler>();
  #seal: MessageSeal | null = null;
  #reportedAt = -Infinity;

  constructor({ address, bus, logger }: ClusterMessagesOptions) {
    this.#address = address;
    this.#bus = bus;
    this.#logger = logger;
  }

  /** The maximum size of a message, in bytes of UTF-8; 0 without a bus. */
  get maxBytes(): number {
    return maxMessageBytes(this.#bus?.maxBytes ?? 0);
  }

  /** Passes each message of a type to a handler. Call it before {@link open}. */
  route(type: string, handler: MessageHandler): void {
    this.#handlers.set(type, handler);
  }

  /** @param key the key of {@link MessageSeal}, which all servers of the storage share */
  async open(key: Uint8Array): Promise<void> {
    this.#seal = new MessageSeal(key);
    await this.#bus?.open(this.#address, {
      onMessage: (text) => this.#receive(text),
      onTrouble: (problem) => this.#logger.warn(problem),
      onRecovered: (news) => this.#logger.warn(news),
    });
  }

  /**
   * Sends a message to a server. Never throws: a message that cannot be sent is lost.
   *
   * @param text a {@link ClusterMessage} as JSON
   */
  send(address: string, text: string): void {
    try {
      if (this.#seal) this.#bus?.send(address, this.#seal.seal(text, address));
    } catch (error) {
      this.#logger.error('The bus threw an error. A message to another server is lost.', error);
    }
  }

  /** Ends the deliveries. Never rejects, and does not wait for long. */
  async close(): Promise<void> {
    try {
      await within(CLOSE_TIMEOUT_MS, Promise.resolve(this.#bus?.close()));
    } catch (error) {
      this.#logger.warn(`Could not close the bus: ${String(error)}`);
    }
  }

  #receive(sealed: string): void {
    const opened = this.#seal?.open(sealed, this.#address) ?? null;
    if (!opened) return this.#reportForeign();
    // Repeated by the bus, or by whoever has recorded it.
    if (!opened.isNew) return;
    const message = parse(opened.text);
    if (!message) return;
    try {
      this.#handlers.get(message.t)?.(message);
    } catch (error) {
      this.#logger.error(`A message of the type ${message.t} could not be handled.`, error);
    }
  }

  #reportForeign(): void {
    const now = performance.now();
    if (now - this.#reportedAt < REPORT_INTERVAL_MS) return;
    this.#reportedAt = now;
    this.#logger.warn(
      'Ignored a message on the bus that is not from a server of this storage. Does something else use the same names?',
    );
  }
}

/** Returns null for what a later release may send. */
function parse(text: string): ClusterMessage | null {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null || !('t' in parsed)) return null;
    return typeof parsed.t === 'string' ? (parsed as ClusterMessage) : null;
  } catch {
    return null;
  }
}
