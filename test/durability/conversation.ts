import { setTimeout as delay } from 'node:timers/promises';
import type { Answer } from '../support/ask.js';
import { eventually } from '../support/eventually.js';
import type { SseEvent } from '../support/sse-client.js';
import type { Facts } from './facts.js';
import { Reader } from './reader.js';
import { Replier } from './replier.js';
import type { Target } from './target.js';
import { findViolations, type SentMessage } from './verify.js';
import { Writer } from './writer.js';

export interface ConversationOptions {
  server: Target;
  /** Counts the events that readers have received. */
  seen: Facts;
  /** Counts the messages that were sent. */
  left: Facts;
  readers: number;
  writers: number;
  /** Returns the next message of a writer. */
  compose: () => string;
}

/** The delay before a retry, which is shorter than that in Retry-After. */
const RETRY_MS = 50;
/** The maximum number of queued messages of a conversation, so that it ends in time. */
const MAX_WAITING = 4;

/** One session under load, with everything that was sent to it and received from it. */
export class Conversation {
  /** The whole log, as the server returned it last. */
  stored: readonly SseEvent[] = [];
  readonly readers: Reader[] = [];
  readonly writers: Writer[] = [];
  readonly #server: Target;
  readonly #send: (message: object) => Promise<Answer | null>;
  readonly #replier: Replier;
  readonly #first: Reader;
  /** The number of turns whose start, and whose end, the first reader has received. */
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

  /** The number of queued messages, as far as the first reader has received. */
  get #waiting(): number {
    return this.#accepted.length - this.#started;
  }

  /** Reads the whole log from the server. Returns its violations. */
  async violations(isFinished = false): Promise<string[]> {
    // The log that it returned the last time counts as received, too.
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
    return [...refusals, ...findViolations({ stored, seen, sent, replied, isFinished })];
  }

  /** Returns true when the server reports that it cannot store anything at the moment. */
  async isRefused(): Promise<boolean> {
    // The task does not exist, so the request has no effect.
    const answer = await this.#send({ type: 'stop_task', task_id: 'none' });
    return answer?.status === 503 && answer.body.includes('"storage_unavailable"');
  }

  /** Sends no more messages. Resolves when all are processed and every reader has received the events. */
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
