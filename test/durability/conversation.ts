import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../support/eventually.js';
import type { SseEvent } from '../support/sse-client.js';
import type { Facts } from './facts.js';
import { Reader } from './reader.js';
import type { Answer, RealServer } from './real-server.js';
import { Replier } from './replier.js';
import { findViolations, type SentMessage } from './verify.js';
import { Writer } from './writer.js';

export interface ConversationOptions {
  server: RealServer;
  /** Where it is noted that a reader saw an event. */
  seen: Facts;
  /** Where it is noted that a message has left. */
  left: Facts;
  readers: number;
  writers: number;
  /** What a writer says next. */
  compose: () => string;
}

/** How long who is told to try again later waits, which is less than they are told. */
const RETRY_MS = 50;
/** How many messages of a conversation may wait for their turn, so that it comes to an end in time. */
const MAX_WAITING = 4;

/** One session under load, and all that was sent to it and seen of it. */
export class Conversation {
  /** The whole log, as it was told last. */
  stored: readonly SseEvent[] = [];
  readonly readers: Reader[] = [];
  readonly writers: Writer[] = [];
  readonly #server: RealServer;
  readonly #send: (message: object) => Promise<Answer | null>;
  readonly #replier: Replier;
  readonly #first: Reader;
  /** How many turns the first reader has seen start, and end. */
  #started = 0;
  #ended = 0;

  private constructor(
    readonly id: string,
    { server, seen, left, readers, writers, compose }: ConversationOptions,
  ) {
    const send = async (message: object): Promise<Answer | null> => {
      const path = `/sessions/${id}/input`;
      const answer = await server.request('POST', path, message, () => left.note());
      if (answer?.status === 503) await delay(RETRY_MS);
      return answer;
    };
    this.#send = send;
    const replier = new Replier(send);
    this.#server = server;
    this.#replier = replier;
    this.#first = new Reader(server, id, (event) => {
      seen.note();
      replier.see(event);
      if (event.event === 'turn_start') this.#started += 1;
      if (event.event === 'result') this.#ended += 1;
    });
    this.readers.push(this.#first);
    while (this.readers.length < readers) {
      this.readers.push(new Reader(server, id, () => seen.note()));
    }
    const room = () => this.#first.until(() => this.#waiting <= MAX_WAITING);
    while (this.writers.length < writers) this.writers.push(new Writer({ send, compose, room }));
  }

  static async open(options: ConversationOptions): Promise<Conversation> {
    const wish = { include_partial_messages: true };
    const answer = await options.server.request('POST', '/sessions', wish);
    if (answer?.status !== 200) throw new Error(`No session: ${answer?.status} ${answer?.body}`);
    const { session_id } = JSON.parse(answer.body) as { session_id: string };
    return new Conversation(session_id, options);
  }

  get #accepted(): SentMessage[] {
    return this.writers.flatMap(({ sent }) => sent).filter(({ isAccepted }) => isAccepted);
  }

  /** How many accepted messages wait for their turn, as far as the first reader has seen. */
  get #waiting(): number {
    return this.#accepted.length - this.#started;
  }

  /** Asks the server for all it has, and says what is wrong with that. */
  async violations(isAtRest = false): Promise<string[]> {
    // What it told the last time was seen, too.
    const seen = [...this.readers.map(({ events }) => [...events]), this.stored];
    const replied = [...this.#replier.taken];
    const accepted = new Set(this.#accepted);
    const stored = await this.#readLog();
    const sent = this.writers.map((writer) =>
      writer.sent.map((message) => ({ ...message, isAccepted: accepted.has(message) })),
    );
    this.stored = stored;
    const refusals = this.readers.flatMap(({ refusal }) =>
      refusal === null ? [] : [`A reader was refused: ${refusal}`],
    );
    return [...refusals, ...findViolations({ stored, seen, sent, replied, isAtRest })];
  }

  /** Whether it is told that nothing can be kept at the moment. */
  async isRefused(): Promise<boolean> {
    // Such a task there is not: what is asked for is nothing.
    const answer = await this.#send({ type: 'stop_task', task_id: 'none' });
    return answer?.status === 503 && answer.body.includes('"storage_unavailable"');
  }

  /** Says nothing more. Resolves when all that was said is done and everybody has seen it. */
  async comeToRest(): Promise<void> {
    await Promise.all(this.writers.map((writer) => writer.stop()));
    await this.#first.until(() => this.#waiting <= 0 && this.#ended >= this.#started);
    await eventually(
      async () => {
        const { state, last_id } = JSON.parse(await this.#get('')) as Record<string, unknown>;
        const isSeen = this.readers.every(({ lastId }) => lastId === last_id);
        return (state === 'idle' || state === 'dormant') && isSeen;
      },
      Boolean,
      Infinity,
    );
  }

  async #readLog(): Promise<SseEvent[]> {
    const events: SseEvent[] = [];
    await eventually(
      async () => {
        const page = await this.#get(`/events?after=${events.at(-1)?.id ?? 0}`);
        const told = JSON.parse(page) as { events: SseEvent[]; has_more: boolean };
        events.push(...told.events);
        return !told.has_more;
      },
      Boolean,
      Infinity,
    );
    return events;
  }

  async #get(path: string): Promise<string> {
    let body = '';
    await eventually(
      async () => {
        const answer = await this.#server.request('GET', `/sessions/${this.id}${path}`);
        if (answer && answer.status !== 200 && answer.status !== 503) {
          throw new Error(`GET ${path} of session ${this.id}: ${answer.status} ${answer.body}`);
        }
        body = answer?.status === 200 ? answer.body : '';
        return body !== '';
      },
      Boolean,
      Infinity,
    );
    return body;
  }
}
