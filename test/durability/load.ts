import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { TIMED_OUT, within } from '../../src/agent-webkit/engine/timing/within.js';
import type { SseEvent } from '../support/sse-client.js';
import type { Usage } from '../../src/agent-webkit/protocol/answers.js';
import { Conversation, type ConversationOptions } from './conversation.js';
import { Facts } from './facts.js';
import type { Random } from './random.js';
import type { Target } from './target.js';

export interface LoadOptions extends Pick<ConversationOptions, 'readers' | 'writers'> {
  sessions: number;
  /** Returns the nth message of all. */
  compose: (place: number) => string;
  /** The maximum number of events before a random moment. */
  maxSeen: number;
  /** The maximum duration of all actions on the servers, in milliseconds. Default: 200 s. */
  faultsMs?: number;
}

const FAULTS_MS = 200_000;
/** The maximum time after that until all messages are processed. */
const REST_MS = 30_000;
const STUCK = 'Nothing goes on any more.';
/** The maximum number of sent messages before a random moment. */
const MAX_LEFT = 10;
/** The maximum random delay after that, so that the server may be at any point of its work. */
const MAX_AFTER_MS = 5;

/** Several active sessions, while a test acts on their server. */
export class Load {
  readonly #seen = new Facts();
  readonly #left = new Facts();
  readonly #server: Target;
  readonly #random: Random;
  readonly #options: LoadOptions;
  readonly #conversations: Conversation[] = [];

  private constructor(server: Target, random: Random, options: LoadOptions) {
    this.#server = server;
    this.#random = random;
    this.#options = options;
  }

  static async start(server: Target, random: Random, options: LoadOptions): Promise<Load> {
    const load = new Load(server, random, options);
    await load.#open();
    return load;
  }

  /** The logs of the sessions, as the server returned them last. */
  get logs(): (readonly SseEvent[])[] {
    return this.#conversations.map(({ stored }) => stored);
  }

  /** The number of streams that the readers have opened. */
  get streams(): number {
    const readers = this.#conversations.flatMap((conversation) => conversation.readers);
    return readers.reduce((sum, { streams }) => sum + streams, 0);
  }

  /** Returns the number of events in all logs that have this value in a field. */
  count(field: string, value: string): number {
    return this.logs.flat().filter(({ data }) => data[field] === value).length;
  }

  /** Resolves when a reader has received one more. */
  nextEvent(): Promise<void> {
    return this.#seen.next(1);
  }

  /** Resolves right after a random event was received, or while the server handles a random message. */
  async randomMoment(): Promise<void> {
    const random = this.#random;
    if (random.next() < 0.5) await this.#seen.next(random.upTo(this.#options.maxSeen));
    else await this.#left.next(random.upTo(MAX_LEFT));
    await delay(random.next() * MAX_AFTER_MS);
  }

  /** Returns true when every session rejects requests that it cannot store. */
  async isRefused(): Promise<boolean> {
    const refused = this.#conversations.map((conversation) => conversation.isRefused());
    return (await Promise.all(refused)).every((isRefused) => isRefused);
  }

  /** Returns the violations in the current logs of the server. */
  async violations(isFinished = false): Promise<string[]> {
    const found = this.#conversations.map((conversation) => conversation.violations(isFinished));
    return (await Promise.all(found)).flat();
  }

  /**
   * Keeps up the load while the action runs, then ends it.
   *
   * @throws Error, with the output of the server, on a violation or when no progress is made
   */
  async survive(faults: () => Promise<void>): Promise<void> {
    try {
      const { faultsMs = FAULTS_MS } = this.#options;
      if ((await within(faultsMs, faults())) === TIMED_OUT) throw new Error(STUCK);
      await within(REST_MS, Promise.all(this.#conversations.map((one) => one.comeToRest())));
      const violations = await within(REST_MS, this.violations(true));
      if (violations === TIMED_OUT) throw new Error(STUCK);
      violations.push(...(await this.#usageViolations()));
      if (violations.length > 0) throw new Error(violations.join('\n'));
    } catch (cause) {
      const complaint = cause instanceof Error ? cause.message : String(cause);
      const story = `${this.#random.variable}=${this.#random.seed}\n${this.#server.lines.join('\n')}`;
      throw new Error(`${complaint}\n${story}`, { cause });
    } finally {
      await this.#server.close();
    }
  }

  /** Returns the violations in the usage of the caller: each turn in the logs is counted once. */
  async #usageViolations(): Promise<string[]> {
    const answer = await this.#server.request('GET', '/usage');
    const { usage: rows } = JSON.parse(answer?.body ?? '') as Usage;
    const results = this.logs.map((log) => log.filter(({ event }) => event === 'result'));
    const costs = results.map((all) => Number(all.at(-1)?.data['session_cost_usd'] ?? 0));
    const found = [total(rows.map(({ turns }) => turns)), total(rows.map((row) => row.cost_usd))];
    const expected = [results.flat().length, total(costs)];
    return isDeepStrictEqual(found, expected)
      ? []
      : [`The usage has the turns and the cost ${found.join(', ')}, not ${expected.join(', ')}.`];
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

function total(numbers: readonly number[]): number {
  return Number(numbers.reduce((a, b) => a + b, 0).toFixed(8));
}
