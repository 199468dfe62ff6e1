import { type Answer, ask } from '../support/ask.js';
import type { Target } from '../durability/target.js';
import type { Balancer } from './balancer.js';
import type { Site } from './site.js';

/** The servers of a site as a client sees them that knows the balancer only. */
export class BehindBalancer implements Target {
  readonly headers = {};
  isClosed = false;
  readonly #site: Site;
  readonly #balancer: Balancer;

  constructor(site: Site, balancer: Balancer) {
    this.#site = site;
    this.#balancer = balancer;
  }

  get lines(): readonly string[] {
    return this.#site.lines;
  }

  async up(): Promise<void> {}

  nextUrl(): string {
    return this.#balancer.url;
  }

  async request(
    method: string,
    path: string,
    body?: object,
    onWritten?: () => void,
  ): Promise<Answer | null> {
    if (this.isClosed) throw new Error('There is no server any more.');
    return ask(this.#balancer.url + path, { method, body, onWritten });
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.#site.close();
  }
}
