import { setImmediate as nextTick } from 'node:timers/promises';
import type { Bus, BusReceiver } from '../engine/bus.js';
import { backoff } from '../engine/timing/backoff.js';
import { TIMED_OUT, within } from '../engine/timing/within.js';
import { checkAddress, isAddress } from './addresses.js';
import type { BusEngine, BusLink, OutgoingMessage } from './bus-link.js';

/** How the connection of a bus is kept, in milliseconds. */
export interface LinkTiming {
  /** How long to wait for a connection, and then for each response. */
  readonly responseMs: number;
  /** How often the connection is probed: a broken one may look like an idle one. */
  readonly probeMs: number;
}

const TIMING: LinkTiming = { responseMs: 5000, probeMs: 5000 };
/** The maximum size of the messages that wait to be sent. More are lost. */
const MAX_WAITING_BYTES = 1_048_576;
/** The memory of a waiting message besides its text. */
const MESSAGE_BYTES = 128;
/** How long each step of the end may take, in milliseconds. */
const CLOSE_STEP_MS = 500;

/**
 * A bus with a connection to an engine. It is *connected* or in an *outage*, in which it connects again with
 * growing delays, and messages to send are lost. An outage begins when the connection is lost, is reported
 * once, and ends when a new connection has passed a probe: one that is always lost at once does
 * not fill the log.
 *
 * Messages of one turn of the event loop are sent together, and those of the next turns when the engine has responded.
 */
export abstract class LinkedBus implements Bus {
  readonly #engine: BusEngine;
  readonly #timing: LinkTiming;
  #address = '';
  #receiver: BusReceiver | null = null;
  #link: BusLink | null = null;
  /** The delays between the attempts to connect; null without an outage. */
  #outage: Generator<number, never> | null = null;
  /** The timer of the next probe or the next attempt. */
  #timer: NodeJS.Timeout | undefined;
  /** The last attempt to connect, and its end when it takes too long. */
  #connecting: Promise<void> = Promise.resolve();
  #attempt = new AbortController();
  #waiting: OutgoingMessage[] = [];
  #waitingBytes = 0;
  #sending: Promise<void> | null = null;
  #isClosed = false;

  /** @internal */
  constructor(engine: BusEngine, timing: LinkTiming = TIMING) {
    this.#engine = engine;
    this.#timing = timing;
  }

  get maxBytes(): number {
    return this.#engine.maxBytes;
  }

  /** @throws TypeError when the address is not 1 to 40 letters, digits and hyphens */
  async open(address: string, receiver: BusReceiver): Promise<void> {
    checkAddress(address);
    this.#address = address;
    this.#receiver = receiver;
    await this.#connect();
  }

  send(address: string, message: string): void {
    if (this.#link === null || this.#isClosed || !isAddress(address)) return;
    const bytes = Buffer.byteLength(message);
    if (bytes > this.maxBytes || message.includes('\0')) return;
    const size = bytes + MESSAGE_BYTES;
    if (this.#waitingBytes + size > MAX_WAITING_BYTES) return;
    this.#waitingBytes += size;
    this.#waiting.push({ address, text: message });
    this.#sending ??= this.#sendWaiting();
  }

  /** Sends what is waiting, and releases the connection. Takes at most 2 s. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#attempt.abort();
    clearTimeout(this.#timer);
    await within(CLOSE_STEP_MS, this.#sending ?? Promise.resolve());
    await within(CLOSE_STEP_MS, this.#connecting);
    this.#link?.end();
    this.#link = null;
    this.#forgetWaiting();
    await this.#engine.close?.();
  }

  #connect(): Promise<void> {
    this.#connecting = this.#tryToConnect().catch((error: unknown) => this.#retryLater(error));
    return this.#connecting;
  }

  async #tryToConnect(): Promise<void> {
    const link = await this.#newLink();
    if (this.#isClosed) {
      link.end();
      return;
    }
    this.#link = link;
    void link.lost.then((error) => this.#lose(link, error));
    this.#probeLater(link);
  }

  /** Returns a connection, and ends one that comes too late. */
  async #newLink(): Promise<BusLink> {
    const { responseMs } = this.#timing;
    const attempt = new AbortController();
    this.#attempt = attempt;
    const onMessage = (message: string) => {
      if (!this.#isClosed) this.#receiver?.onMessage(message);
    };
    const connecting = this.#engine.connect(this.#address, onMessage, attempt.signal);
    const link = await within(responseMs, connecting);
    if (link !== TIMED_OUT) return link;
    attempt.abort();
    connecting.then(
      (late) => late.end(),
      () => undefined,
    );
    throw noResponse(responseMs);
  }

  #probeLater(link: BusLink): void {
    this.#timer = setTimeout(() => void this.#probe(link), this.#timing.probeMs);
    this.#timer.unref();
  }

  async #probe(link: BusLink): Promise<void> {
    try {
      await this.#inTime(link.probe());
      if (this.#link !== link || this.#isClosed) return;
      if (this.#outage) {
        this.#receiver?.onRecovered?.(`The bus is connected to ${this.#engine.name} again.`);
      }
      this.#outage = null;
      this.#probeLater(link);
    } catch (error) {
      this.#lose(link, error);
    }
  }

  #lose(link: BusLink, error: unknown): void {
    if (this.#link !== link) return;
    clearTimeout(this.#timer);
    this.#link = null;
    this.#forgetWaiting();
    link.end();
    this.#retryLater(error);
  }

  #retryLater(error: unknown): void {
    if (this.#isClosed) return;
    if (this.#outage === null) {
      this.#outage = backoff();
      const reason = describe(error);
      this.#receiver?.onTrouble(
        `The bus has no connection to ${this.#engine.name} (${reason}). Events and messages of other servers ` +
          'arrive up to a second later. Retrying until it is connected.',
      );
    }
    this.#timer = setTimeout(() => void this.#connect(), this.#outage.next().value);
    this.#timer.unref();
  }

  async #sendWaiting(): Promise<void> {
    // oxlint-disable-next-line no-await-in-loop -- the messages of the next turns follow the response
    for (await nextTick(); this.#link !== null && this.#waiting.length > 0;) {
      const link = this.#link;
      const messages = this.#waiting;
      this.#forgetWaiting();
      try {
        // oxlint-disable-next-line no-await-in-loop -- one batch after the other bounds the memory
        await this.#inTime(link.send(messages));
      } catch (error) {
        this.#lose(link, error);
      }
    }
    this.#sending = null;
  }

  #forgetWaiting(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  async #inTime(response: Promise<unknown>): Promise<void> {
    const { responseMs } = this.#timing;
    if ((await within(responseMs, response)) === TIMED_OUT) throw noResponse(responseMs);
  }
}

function noResponse(responseMs: number): Error {
  return new Error(`no response within ${responseMs} ms`);
}

/** An error of several addresses, which has no message of its own, is described by the first one. */
function describe(error: unknown): string {
  const first = error instanceof AggregateError ? error.errors[0] : error;
  const message = first instanceof Error ? first.message : String(first);
  return message.replace(/\.$/, '');
}
