import { setTimeout as delay } from 'node:timers/promises';
import { TIMED_OUT, within } from '../../src/agent-webkit/engine/timing/within.js';
import type { SseEvent } from '../support/sse-client.js';
import { Conversation, type ConversationOptions } from './conversation.js';
import { Facts } from './facts.js';
import type { Random } from './random.js';
import type { RealServer } from './real-server.js';

export interface LoadOptions extends Pick<ConversationOptions, 'readers' | 'writers'> {
  sessions: number;
  /** What is said as the nth thing of all. */
  compose: (place: number) => string;
  /** How many events are seen, at the most, until a random moment comes. */
  maxSeen: number;
}

/** How long everything may take that is done to a server. */
const FAULTS_MS = 200_000;
/** How long it may take after that until all that was said is done. */
const REST_MS = 30_000;
const STUCK = 'Nothing goes on any more.';
/** How many messages leave, at the most, until a random moment comes. */
const MAX_LEFT = 10;
/** How much later than that it may be, so that the server may be anywhere in its work. */
const MAX_AFTER_MS = 5;

/** Several sessions in use, while whatever a test does happens to their server. */
export class Load {
  readonly #seen = new Facts();
  readonly #left = new Facts();
  readonly #server: RealServer;
  readonly #random: Random;
  readonly #options: LoadOptions;
  readonly #conversations: Conversation[] = [];

  private constructor(server: RealServer, random: Random, options: LoadOptions) {
    this.#server = server;
    this.#random = random;
    this.#options = options;
  }

  static async start(server: RealServer, random: Random, options: LoadOptions): Promise<Load> {
    const load = new Load(server, random, options);
    await load.#open();
    return load;
  }

  /** The sessions' logs, as the server told them last. */
  get logs(): (readonly SseEvent[])[] {
    return this.#conversations.map(({ stored }) => stored);
  }

  /** How many streams the readers were given. */
  get streams(): number {
    const readers = this.#conversations.flatMap((conversation) => conversation.readers);
    return readers.reduce((sum, { streams }) => sum + streams, 0);
  }

  /** How many events of all logs have this value there. */
  count(field: string, value: string): number {
    return this.logs.flat().filter(({ data }) => data[field] === value).length;
  }

  /** Resolves when a reader has seen one more. */
  nextEvent(): Promise<void> {
    return this.#seen.next(1);
  }

  /** Resolves right after some event was seen, or while the server has some message in its hands. */
  async randomMoment(): Promise<void> {
    const random = this.#random;
    if (random.next() < 0.5) await this.#seen.next(random.upTo(this.#options.maxSeen));
    else await this.#left.next(random.upTo(MAX_LEFT));
    await delay(random.next() * MAX_AFTER_MS);
  }

  /** Whether every session refuses what it cannot keep. */
  async isRefused(): Promise<boolean> {
    const refused = this.#conversations.map((conversation) => conversation.isRefused());
    return (await Promise.all(refused)).every((isRefused) => isRefused);
  }

  /** What is wrong with what the server has now. */
  async violations(isAtRest = false): Promise<string[]> {
    const found = this.#conversations.map((conversation) => conversation.violations(isAtRest));
    return (await Promise.all(found)).flat();
  }

  /**
   * Goes on while something is done to the server, then comes to an end.
   *
   * @throws Error when anything was violated, or nothing went on any more, with what the server said
   */
  async survive(faults: () => Promise<void>): Promise<void> {
    try {
      if ((await within(FAULTS_MS, faults())) === TIMED_OUT) throw new Error(STUCK);
      await within(REST_MS, Promise.all(this.#conversations.map((one) => one.comeToRest())));
      const violations = await within(REST_MS, this.violations(true));
      if (violations === TIMED_OUT) throw new Error(STUCK);
      if (violations.length > 0) throw new Error(violations.join('\n'));
    } catch (cause) {
      const complaint = cause instanceof Error ? cause.message : String(cause);
      const story = `DURABILITY_SEED=${this.#random.seed}\n${this.#server.lines.join('\n')}`;
      throw new Error(`${complaint}\n${story}`, { cause });
    } finally {
      await this.#server.close();
    }
  }

  async #open(): Promise<void> {
    const { sessions, readers, writers, compose } = this.#options;
    let place = 0;
    const options = {
      server: this.#server,
      seen: this.#seen,
      left: this.#left,
      readers,
      writers,
      compose: () => {
        place += 1;
        return compose(place);
      },
    };
    const opened = Array.from({ length: sessions }, () => Conversation.open(options));
    this.#conversations.push(...(await Promise.all(opened)));
  }
}
