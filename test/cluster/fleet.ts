import { type Answer, ask } from '../support/ask.js';
import type { Random } from '../durability/random.js';
import type { Target } from '../durability/target.js';
import type { Site } from './site.js';

/** How long a client waits for a response, in milliseconds. A frozen server sends none. */
const PATIENCE_MS = 6000;

/** The servers of a site, of which each request and each stream goes to a random one, be it up or not. */
export class Fleet implements Target {
  readonly headers: Readonly<Record<string, string>>;
  isClosed = false;
  readonly #site: Site;
  readonly #random: Random;

  constructor(site: Site, random: Random, headers: Readonly<Record<string, string>> = {}) {
    this.#site = site;
    this.#random = random;
    this.headers = headers;
  }

  get lines(): readonly string[] {
    return this.#site.lines;
  }

  async up(): Promise<void> {
    await Promise.race(this.#site.servers.map((server) => server.up()));
  }

  nextUrl(): string {
    const { servers } = this.#site;
    return this.#site.at(this.#random.upTo(servers.length) - 1).url;
  }

  async request(
    method: string,
    path: string,
    body?: object,
    onWritten?: () => void,
  ): Promise<Answer | null> {
    await this.up();
    if (this.isClosed) throw new Error('There is no server any more.');
    const { headers } = this;
    const url = this.nextUrl() + path;
    return ask(url, { method, body, headers, onWritten, timeoutMs: PATIENCE_MS });
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.#site.close();
  }
}
