import type { ClusterStore, ForwardedRequest } from '../cluster.js';
import { retry } from '../timing/retry.js';
import type { ClusterMessages } from './cluster-messages.js';
import { announcement, MAIL, REPLY } from './mail-messages.js';

export interface InboxOptions {
  readonly store: Pick<ClusterStore, 'requests' | 'reply'>;
  readonly messages: Pick<ClusterMessages, 'route' | 'send'>;
  /** Returns true while another server shares the storage. */
  readonly hasOthers: () => boolean;
  /** Handles the body of a request, and resolves to the body of the reply. It must not reject. */
  readonly handle: (body: string) => Promise<string>;
}

/** How often this server looks for requests that were not announced, in milliseconds. */
const INTERVAL_MS = 1000;
/** How many requests are handled at a time before no more are read. A read returns up to 100. */
const MAX_HANDLED = 100;

/**
 * The requests of other servers to this one. Each is handled once. A request is announced over the bus.
 * Without the bus, this server finds it within a second.
 */
export class Inbox {
  readonly #options: InboxOptions;
  /** The ids of the requests whose replies are not stored yet. */
  readonly #handled = new Set<string>();
  readonly #closed = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;
  /** True when there may be requests that the last look has not read. */
  #isIncomplete = false;

  constructor(options: InboxOptions) {
    this.#options = options;
    options.messages.route(MAIL, () => void this.#look());
  }

  /** Starts to look for requests. */
  open(): void {
    if (this.#closed.signal.aborted) return;
    this.#timer = setInterval(() => {
      if (this.#options.hasOthers()) void this.#look();
    }, INTERVAL_MS).unref();
  }

  /** Reads no more requests, and stores no more replies. */
  close(): void {
    this.#closed.abort();
    clearInterval(this.#timer);
  }

  /** One look at a time: a request that is read is known to the next one, so that none is handled twice. */
  async #look(): Promise<void> {
    if (this.#isLooking || this.#handled.size >= MAX_HANDLED) {
      this.#isIncomplete = true;
      return;
    }
    if (this.#closed.signal.aborted) return;
    this.#isLooking = true;
    this.#isIncomplete = false;
    try {
      for (const request of await this.#options.store.requests([...this.#handled])) {
        this.#handled.add(request.id);
        void this.#handle(request);
      }
    } catch {
      // Reported by the storage's guard. The next look finds the requests.
    }
    this.#isLooking = false;
    if (this.#isIncomplete) void this.#look();
  }

  async #handle({ id, from, body }: ForwardedRequest): Promise<void> {
    const { store, messages, handle } = this.#options;
    const { signal } = this.#closed;
    try {
      const reply = { id, body: await handle(body) };
      await retry(() => store.reply(reply), {
        signal,
        isFinal: () => false,
        onFailure: () => undefined, // reported by the storage's guard
      });
      messages.send(from, announcement(REPLY));
    } catch {
      // This server stops. The other one notices the end of its lease.
    }
    this.#handled.delete(id);
    if (this.#isIncomplete) void this.#look();
  }
}
