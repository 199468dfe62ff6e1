import type { Appended } from '../event-log/group-commit.js';
import type { EventsMessage, FollowMessage, PositionMessage } from './tail-messages.js';

export interface FollowersOptions {
  /** The maximum size of a message, in bytes of UTF-8. */
  readonly maxBytes: number;
  readonly send: (address: string, text: string) => void;
  /** Resolves to the seq of the last event of a session that this server runs, else to null. */
  readonly lastSeqOf: (sessionId: string) => Promise<number | null>;
  /** Called when a session is no longer followed. */
  readonly onNone: (sessionId: string) => void;
}

/** For how long a server follows a session unless it repeats that. */
export const FOLLOW_MS = 15_000;
/** How often it repeats that. */
export const REPEAT_MS = 5000;
/** How many pairs of a server and a session are remembered. Others are found by their own polls. */
const MAX_FOLLOWS = 100_000;

/** The servers that follow sessions of this one. What is committed is sent to them. */
export class Followers {
  readonly #options: FollowersOptions;
  /** When each server stops to follow, as `performance.now()`, by session and address. */
  readonly #sessions = new Map<string, Map<string, number>>();
  readonly #waiting = new Map<string, (() => void)[]>();
  #count = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: FollowersOptions) {
    this.#options = options;
  }

  /** True while another server has subscribers of a session. */
  has(sessionId: string): boolean {
    return this.#sessions.has(sessionId);
  }

  /** Sends how far the sessions have come, because events may have been committed since that server has read them. */
  async follow({ from, sessions }: Omit<FollowMessage, 't'>): Promise<void> {
    for (const session of sessions) {
      const isNew = this.#sessions.get(session)?.has(from) !== true;
      // oxlint-disable-next-line no-await-in-loop -- answered at once, from memory
      const seq = await this.#options.lastSeqOf(session).catch(() => null);
      if (seq === null || (isNew && this.#count >= MAX_FOLLOWS)) continue;
      this.#set(session, from);
      const position: PositionMessage = { t: 'position', session, seq };
      if (isNew && seq > 0) this.#options.send(from, JSON.stringify(position));
    }
    if (this.#count > 0) this.#timer ??= setInterval(() => this.#expire(), REPEAT_MS).unref();
  }

  /** Resolves when no server follows a session any more. */
  async none(sessionId: string): Promise<void> {
    if (!this.has(sessionId)) return;
    await new Promise<void>((resolve) => {
      this.#waiting.set(sessionId, [...(this.#waiting.get(sessionId) ?? []), resolve]);
    });
  }

  unfollow({ from, sessions }: Omit<FollowMessage, 't'>): void {
    for (const session of sessions) this.#delete(session, from);
  }

  /** Sends events that were committed, if a server follows the session. */
  committed(
    sessionId: string,
    appended: readonly Appended[],
    ids: { idOf(seq: number): number },
  ): void {
    const followers = this.#sessions.get(sessionId);
    if (!followers) return;
    for (const text of this.#messages(sessionId, appended, ids)) {
      for (const address of followers.keys()) this.#options.send(address, text);
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const [session, followers] of this.#sessions) {
      for (const address of followers.keys()) this.#delete(session, address);
    }
  }

  #messages(
    session: string,
    appended: readonly Appended[],
    ids: { idOf(seq: number): number },
  ): string[] {
    const { maxBytes } = this.#options;
    const texts: string[] = [];
    let parts: string[] = [];
    let head = '';
    let bytes = 0;
    const flush = () => {
      if (parts.length > 0) texts.push(`${head}${parts.join(',')}]}`);
      parts = [];
    };
    for (const { event } of appended) {
      const { seq, name, data } = event;
      const part = JSON.stringify([name, data]);
      const size = Buffer.byteLength(part) + 1;
      if (parts.length > 0 && bytes + size > maxBytes) flush();
      if (parts.length === 0) {
        head = headOf({ session, seq, id: ids.idOf(seq) });
        bytes = Buffer.byteLength(head) + 2;
      }
      if (bytes + size <= maxBytes) {
        parts.push(part);
        bytes += size;
        continue;
      }
      const position: PositionMessage = { t: 'position', session, seq };
      texts.push(JSON.stringify(position));
    }
    flush();
    return texts;
  }

  #set(session: string, address: string): void {
    const followers = this.#sessions.get(session) ?? new Map<string, number>();
    if (!followers.has(address)) this.#count += 1;
    followers.set(address, performance.now() + FOLLOW_MS);
    this.#sessions.set(session, followers);
  }

  #delete(session: string, address: string): void {
    const followers = this.#sessions.get(session);
    if (!followers?.delete(address)) return;
    this.#count -= 1;
    if (followers.size > 0) return;
    this.#sessions.delete(session);
    for (const resolve of this.#waiting.get(session) ?? []) resolve();
    this.#waiting.delete(session);
    this.#options.onNone(session);
  }

  #expire(): void {
    const now = performance.now();
    for (const [session, followers] of this.#sessions) {
      for (const [address, until] of followers) if (until <= now) this.#delete(session, address);
    }
    if (this.#count > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** Returns a message up to its first event. */
function headOf(fields: Omit<EventsMessage, 't' | 'events'>): string {
  const message: EventsMessage = { t: 'events', ...fields, events: [] };
  return JSON.stringify(message).slice(0, -2);
}
