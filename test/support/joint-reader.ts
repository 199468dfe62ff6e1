import type { JointSubscription } from '../../src/agent-webkit/engine/registry/joint/joint-subscription.js';
import { SessionNotFoundError } from '../../src/agent-webkit/engine/errors.js';
import type { SessionRegistry } from '../../src/agent-webkit/engine/registry/session-registry.js';
import { eventually } from './eventually.js';
import { ADA } from './registry-bench.js';

interface Frame {
  cursor: string | null;
  event: string;
  session: string | null;
  id: number | null;
  payload: {
    sessions?: { session_id: string; last_id: number }[];
    after_id?: number;
    last_id?: number;
  };
}

/** How long a client may take to have everything, in milliseconds. */
const LIMIT_MS = 8000;

/** A client of the stream of a caller, which knows of each session what it was sent, and fetches what a gap names. */
export class JointReader {
  /** By session: the ids of the events that it has, and the id up to which it had all of them when it began. */
  readonly known = new Map<string, { begin: number; ids: Set<number> }>();
  readonly gaps: string[] = [];
  /** The names of all frames, with their sessions. */
  readonly names: string[] = [];
  cursor: string | null = null;
  #frames: Frame[] = [];
  #subscription: JointSubscription | null = null;
  #registry: SessionRegistry | null = null;
  #hasStarted = false;

  async connect(registry: SessionRegistry, sessions: string[] | null = null): Promise<void> {
    this.#registry = registry;
    this.#subscription = await registry.subscriptions.joint(ADA, sessions, this.cursor);
  }

  /** Reads what is there, at most about `maxBytes`, and takes it over. */
  async read(maxBytes = 64 * 1024): Promise<void> {
    this.#receive(maxBytes);
    await this.#take(this.#frames.splice(0));
  }

  /** Breaks the connection. Only the first of the frames that are on their way arrive. */
  async disconnect(arriving: number): Promise<void> {
    this.#receive(4096);
    const frames = this.#frames.splice(0);
    await this.#take(frames.slice(0, arriving));
    this.#subscription?.close();
    this.#subscription = null;
  }

  close(): void {
    this.#subscription?.close();
  }

  /** Resolves when it has every stored event of each session that exists. */
  async hasAll(registry: SessionRegistry): Promise<void> {
    await eventually(
      async () => {
        await this.read();
        return this.missing(registry);
      },
      (missing) => missing.length === 0,
      LIMIT_MS,
    );
  }

  /** Returns what it does not have, or has too much. */
  async missing(registry: SessionRegistry): Promise<string[]> {
    const missing: string[] = [];
    const { sessions } = await registry.list(ADA, 100, null);
    for (const { session_id: id } of sessions) {
      const known = this.known.get(id);
      if (!known) {
        missing.push(`${id}: unknown`);
        continue;
      }
      // oxlint-disable-next-line no-await-in-loop -- one session after the other
      for (const event of await this.#stored(registry, id)) {
        if (event > known.begin && !known.ids.has(event)) missing.push(`${id}: ${event}`);
      }
    }
    for (const id of this.known.keys()) {
      if (!sessions.some((one) => one.session_id === id)) missing.push(`${id}: deleted`);
    }
    return missing;
  }

  #receive(maxBytes: number): void {
    const reading = this.#subscription?.readFrames(maxBytes);
    if (reading?.kind === 'frames') this.#frames.push(...parse(reading.bytes.toString()));
  }

  async #take(frames: readonly Frame[]): Promise<void> {
    for (const { cursor, event, session, id, payload } of frames) {
      this.names.push(session === null ? event : `${session} ${event}`);
      if (event === 'stream_start') this.#start(payload.sessions ?? []);
      else if (event === 'session_created' && session) this.#know(session, 0);
      else if (event === 'session_deleted' && session) this.known.delete(session);
      // oxlint-disable-next-line no-await-in-loop -- in the order of the frames
      else if (event === 'stream_gap' && session) await this.#fetch(session, payload.last_id ?? 0);
      else if (session && id !== null) this.#add(session, id);
      if (cursor !== null) this.cursor = cursor;
    }
  }

  #start(sessions: readonly { session_id: string; last_id: number }[]): void {
    if (!this.#hasStarted) for (const one of sessions) this.#know(one.session_id, one.last_id);
    this.#hasStarted = true;
    const named = new Set(sessions.map(({ session_id }) => session_id));
    for (const id of this.known.keys()) if (!named.has(id)) this.known.delete(id);
  }

  #know(session: string, begin: number): void {
    if (!this.known.has(session)) this.known.set(session, { begin, ids: new Set() });
  }

  #add(session: string, id: number): void {
    const known = this.known.get(session);
    if (!known) throw new Error(`Event ${id} of ${session}, which was not announced.`);
    const last = Math.max(known.begin, ...known.ids);
    // What it has already comes again at most from a point before, in order.
    if (id > last || known.ids.has(id) || id <= known.begin) known.ids.add(id);
    else throw new Error(`Event ${id} of ${session} came after ${last}.`);
  }

  async #fetch(session: string, lastId: number): Promise<void> {
    this.gaps.push(session);
    this.#know(session, 0);
    const known = this.known.get(session);
    if (!this.#registry || !known) return;
    for (const id of await this.#stored(this.#registry, session)) {
      if (id <= lastId) known.ids.add(id);
    }
  }

  async #stored(registry: SessionRegistry, id: string): Promise<number[]> {
    try {
      const session = await registry.subscriptions.at(id, ADA, 0);
      return (await session.read(0, 1000)).events.map((event) => event.id);
    } catch (error) {
      if (error instanceof SessionNotFoundError) return []; // deleted meanwhile
      throw error;
    }
  }
}

function parse(text: string): Frame[] {
  return text
    .split('\n\n')
    .filter((frame) => frame !== '')
    .map((frame) => {
      const [, cursor] = /^id: (.*)$/m.exec(frame) ?? [];
      const [, event = ''] = /^event: (.*)$/m.exec(frame) ?? [];
      const [, data = ''] = /^data: (.*)$/m.exec(frame) ?? [];
      const parsed = JSON.parse(data) as {
        session_id: string | null;
        id?: number;
        payload: Frame['payload'];
      };
      return {
        cursor: cursor ?? null,
        event,
        session: parsed.session_id,
        id: parsed.id ?? null,
        payload: parsed.payload,
      };
    });
}
