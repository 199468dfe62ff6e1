import { get, type ClientRequest, type IncomingMessage } from 'node:http';
import { splitTime } from './event-time.js';

export interface SseEvent {
  id: number;
  event: string;
  /** The data without the event's time, which is in {@link SseClient.times}. */
  data: Record<string, unknown>;
}

/** A subscriber that reads a stream frame by frame. One connection, no pool, no reconnect. */
export class SseClient {
  readonly events: SseEvent[] = [];
  /** The time of each event, in the same order. */
  readonly times: string[] = [];
  readonly comments: string[] = [];
  /** Everything received, unchanged. */
  raw = '';
  status = 0;
  headers: IncomingMessage['headers'] = {};
  isEnded = false;
  readonly #request: ClientRequest;
  #response: IncomingMessage | null = null;
  #waiting: (() => void)[] = [];
  /** The line that is not complete yet. */
  #buffer = '';
  /** The fields of the frame that is not complete yet. */
  readonly #fields = new Map<string, string>();
  /** The position of `next`, by event name. */
  readonly #read = new Map<string, number>();

  private constructor(url: string, headers: Record<string, string>) {
    this.#request = get(url, { agent: false, headers }, (response) => {
      this.#response = response;
      this.status = response.statusCode ?? 0;
      this.headers = response.headers;
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => this.#take(chunk));
      response.on('close', () => this.#end());
      this.#notify();
    });
    this.#request.on('error', () => this.#end());
  }

  /** Connects and waits for the status of the response. */
  static async open(url: string, headers: Record<string, string> = {}): Promise<SseClient> {
    const client = new SseClient(url, headers);
    await client.until(() => client.status !== 0 || client.isEnded);
    return client;
  }

  /** Waits for a fact, which is checked whenever data arrives. */
  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) {
      if (this.isEnded)
        throw new Error(`The stream ended first. Received: ${this.names().join(' ')}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Returns the next event with this name that was not returned before. */
  async next(name: string): Promise<SseEvent> {
    const from = this.#read.get(name) ?? 0;
    const find = () => this.events.findIndex(({ event }, index) => index >= from && event === name);
    await this.until(() => find() !== -1);
    const index = find();
    this.#read.set(name, index + 1);
    return this.events[index] as SseEvent;
  }

  /** True when the connection broke before the end of the response. */
  get isCut(): boolean {
    return this.isEnded && this.#response?.complete !== true;
  }

  async ended(): Promise<void> {
    while (!this.isEnded) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  names(): string[] {
    return this.events.map(({ event }) => event);
  }

  /** Returns the events as they were delivered, each with its time in the data. */
  delivered(): SseEvent[] {
    return this.events.map(({ data, ...event }, index) => ({
      ...event,
      data: { ...data, time: this.times[index] },
    }));
  }

  ids(): number[] {
    return this.events.map(({ id }) => id);
  }

  /** Returns the body of a response that is not a stream. */
  json(): unknown {
    return JSON.parse(this.raw);
  }

  /** Stops reading, like a client that hangs. */
  pause(): void {
    this.#response?.pause();
  }

  close(): void {
    this.#request.destroy();
  }

  #take(chunk: string): void {
    this.raw += chunk;
    const lines = (this.#buffer + chunk).split('\n');
    this.#buffer = lines.pop() ?? '';
    for (const line of lines) this.#line(line);
    this.#notify();
  }

  #line(line: string): void {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    const value = line.slice(colon + 1).trimStart();
    if (colon > 0) this.#fields.set(line.slice(0, colon), value);
    else if (value !== '') this.comments.push(value);
  }

  #dispatch(): void {
    const fields = new Map(this.#fields);
    this.#fields.clear();
    const data = fields.get('data');
    if (data === undefined) return;
    const { time, data: rest } = splitTime(JSON.parse(data) as Record<string, unknown>);
    this.times.push(time);
    this.events.push({
      id: Number(fields.get('id')),
      event: fields.get('event') ?? 'message',
      data: rest,
    });
  }

  #end(): void {
    this.isEnded = true;
    this.#notify();
  }

  #notify(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
