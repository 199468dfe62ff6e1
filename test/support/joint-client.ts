import { get, type ClientRequest, type IncomingMessage } from 'node:http';

export interface JointEvent {
  event: string;
  session: string | null;
  /** The id of the event in its session; undefined for a frame of the stream itself. */
  id: number | undefined;
  payload: Record<string, unknown>;
}

/** A reader of a stream of several sessions. One connection, no reconnect. */
export class JointClient {
  readonly events: JointEvent[] = [];
  /** The cursors that were received, in order. */
  readonly cursors: string[] = [];
  raw = '';
  status = 0;
  headers: IncomingMessage['headers'] = {};
  isEnded = false;
  readonly #request: ClientRequest;
  #response: IncomingMessage | null = null;
  #waiting: (() => void)[] = [];
  #buffer = '';

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

  /** Connects, and waits for the status of the response. */
  static async open(url: string, headers: Record<string, string> = {}): Promise<JointClient> {
    const client = new JointClient(url, headers);
    await client.until(() => client.status !== 0 || client.isEnded);
    return client;
  }

  /** The last cursor, with which a client reconnects. */
  get cursor(): string {
    return this.cursors.at(-1) ?? '';
  }

  /** Waits for a fact, which is checked whenever data arrives. */
  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) {
      if (this.isEnded)
        throw new Error(`The stream ended first. Received: ${this.raw.slice(-500)}`);
      // oxlint-disable-next-line no-await-in-loop -- until the fact is true
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Waits for events with a name, of one session or of any, and returns the nth. */
  async next(event: string, session?: string, nth = 1): Promise<JointEvent> {
    const found = () =>
      this.events.filter(
        (one) => one.event === event && (session === undefined || one.session === session),
      );
    await this.until(() => found().length >= nth);
    return found()[nth - 1] as JointEvent;
  }

  /** Waits until the cursor is behind everything that was received. */
  async settled(): Promise<string> {
    let seen = -1;
    await this.until(() => {
      const last = this.raw.lastIndexOf('\nid: ');
      const isLast = last > -1 && this.raw.indexOf('\n\n', last) >= this.raw.trimEnd().length - 1;
      if (isLast) seen = this.events.length;
      return seen === this.events.length;
    });
    return this.cursor;
  }

  /** The ids of a session's events, in the order of their arrival. */
  idsOf(session: string): number[] {
    return this.events.flatMap((event) => (event.session === session ? (event.id ?? []) : []));
  }

  names(session?: string): string[] {
    const of = (event: JointEvent) => session === undefined || event.session === session;
    return this.events.filter(of).map(({ event }) => event);
  }

  async ended(): Promise<void> {
    while (!this.isEnded) {
      // oxlint-disable-next-line no-await-in-loop -- until the end
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Returns the body of a response that is not a stream. */
  json(): Record<string, unknown> {
    return JSON.parse(this.raw) as Record<string, unknown>;
  }

  /** Stops reading, like a client that hangs. */
  pause(): void {
    this.#response?.pause();
  }

  /** Reads again. */
  resume(): void {
    this.#response?.resume();
  }

  /** True when the connection broke before the end of the response. */
  get isCut(): boolean {
    return this.isEnded && this.#response?.complete !== true;
  }

  close(): void {
    this.#request.destroy();
  }

  #take(chunk: string): void {
    this.raw += chunk;
    const frames = (this.#buffer + chunk).split('\n\n');
    this.#buffer = frames.pop() ?? '';
    for (const frame of frames) this.#frame(frame);
    this.#notify();
  }

  #frame(frame: string): void {
    const fields = new Map(
      frame
        .split('\n')
        .filter((line) => !line.startsWith(':'))
        .map((line) => {
          const colon = line.indexOf(':');
          return [line.slice(0, colon), line.slice(colon + 2)] as const;
        }),
    );
    const data = fields.get('data');
    const cursor = fields.get('id');
    if (cursor !== undefined) this.cursors.push(cursor);
    if (data === undefined) return;
    const { session_id, id, payload } = JSON.parse(data) as {
      session_id: string | null;
      id?: number;
      payload: Record<string, unknown>;
    };
    this.events.push({ event: fields.get('event') ?? 'message', session: session_id, id, payload });
  }

  #end(): void {
    this.isEnded = true;
    this.#notify();
  }

  #notify(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
