import { REPEAT_MS } from './followers.js';
import type { SessionTail } from './session-tail.js';
import { type FollowMessage, MAX_SESSIONS } from './tail-messages.js';

export interface FollowingOptions {
  /** The address of this server. */
  readonly address: string;
  /** The maximum size of a message, in bytes of UTF-8. */
  readonly maxBytes: number;
  readonly send: (address: string, text: string) => void;
}

/** The size of a message without its ids, in bytes, at most. */
const BYTES_BESIDES = 100;
/** The size of the id of a session in a message, in bytes. */
const BYTES_OF_ID = 40;

/** Tells other servers which of their sessions have subscribers here, so that they send the events. */
export class Following {
  readonly #options: FollowingOptions;
  /** The server that each session is followed at, by session. */
  readonly #servers = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: FollowingOptions) {
    this.#options = options;
  }

  /** Follows the session of a tail where it runs, or not any more. Call it when one of these may have changed. */
  update({ id, server, subscribers, endReason }: SessionTail): void {
    const isFollowed = subscribers > 0 && endReason === null && server !== this.#options.address;
    const now = isFollowed ? server : null;
    const before = this.#servers.get(id) ?? null;
    if (now === before) return;
    if (before !== null) this.#send('unfollow', before, [id]);
    if (now === null) {
      this.#servers.delete(id);
      if (this.#servers.size === 0) this.#stopTimer();
      return;
    }
    this.#servers.set(id, now);
    this.#send('follow', now, [id]);
    this.#timer ??= setInterval(() => this.#repeat(), REPEAT_MS).unref();
  }

  close(): void {
    this.#stopTimer();
    this.#servers.clear();
  }

  #stopTimer(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #repeat(): void {
    const sessions = new Map<string, string[]>();
    for (const [id, server] of this.#servers) {
      const ids = sessions.get(server) ?? [];
      sessions.set(server, ids);
      ids.push(id);
    }
    for (const [server, ids] of sessions) this.#send('follow', server, ids);
  }

  #send(t: FollowMessage['t'], server: string, ids: readonly string[]): void {
    const { address, maxBytes, send } = this.#options;
    const room = Math.floor((maxBytes - BYTES_BESIDES) / BYTES_OF_ID);
    const count = Math.max(1, Math.min(room, MAX_SESSIONS));
    for (let first = 0; first < ids.length; first += count) {
      const sessions = ids.slice(first, first + count);
      const message: FollowMessage = { t, from: address, sessions };
      send(server, JSON.stringify(message));
    }
  }
}
