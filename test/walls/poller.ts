import { setTimeout as delay } from 'node:timers/promises';

/** How long the client waits for one answer, in milliseconds. */
const LIMIT_MS = 30_000;

/** A client that asks for a URL all the time, and measures how long each answer takes. */
export class Poller {
  /** The durations of the answers, in milliseconds. */
  readonly durations: number[] = [];
  readonly #polling: Promise<void>;
  #isStopped = false;

  constructor(url: string, headers: Record<string, string>) {
    this.#polling = this.#poll(url, headers);
    // `stop` reports it.
    this.#polling.catch(() => undefined);
  }

  /** Resolves to the longest duration. @throws Error when a request has failed */
  async stop(): Promise<number> {
    this.#isStopped = true;
    await this.#polling;
    return Math.max(...this.durations);
  }

  async #poll(url: string, headers: Record<string, string>): Promise<void> {
    while (!this.#isStopped) {
      const startedAt = performance.now();
      // oxlint-disable-next-line no-await-in-loop -- one request after the other
      const response = await fetch(url, { headers, signal: AbortSignal.timeout(LIMIT_MS) });
      // oxlint-disable-next-line no-await-in-loop -- as above
      await response.text();
      if (!response.ok) throw new Error(`${response.status}`);
      this.durations.push(performance.now() - startedAt);
      // oxlint-disable-next-line no-await-in-loop -- a client with a pace, which takes no processor time from the server
      await delay(20);
    }
  }
}
