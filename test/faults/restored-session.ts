import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import { RealServer } from '../durability/real-server.js';
import type { CompiledSources } from '../support/compiled-sources.js';
import { eventually } from '../support/eventually.js';
import { JointClient } from '../support/joint-client.js';
import { SseClient } from '../support/sse-client.js';
import type { Restorable } from './restorable.js';

/** A session of a real server on a storage that is put back to an earlier state. */
export class RestoredSession {
  /** The ids of the events that the backup has. */
  kept: readonly number[] = [];
  /** The ids of the events that the backup lacks. */
  lost: readonly number[] = [];
  /** The positions in the stream of all sessions, at the backup and after it. */
  #positions = { kept: '', lost: '' };
  readonly #server: RealServer;
  readonly #storage: Restorable;
  readonly #id: string;

  private constructor(server: RealServer, storage: Restorable, id: string) {
    this.#server = server;
    this.#storage = storage;
    this.#id = id;
  }

  /** Starts a server, and creates the session. */
  static async create(sources: CompiledSources, storage: Restorable): Promise<RestoredSession> {
    const server = new RealServer(sources, {
      AGENT_WEBKIT_AGENT: 'demo',
      AGENT_WEBKIT_STORAGE: storage.setting,
    });
    await server.start();
    const created = await server.request('POST', '/sessions');
    const { session_id } = JSON.parse(created?.body ?? '') as { session_id: string };
    return new RestoredSession(server, storage, session_id);
  }

  /**
   * Backs up the storage, and continues the session.
   *
   * @param isOnline true when the server may run during the backup
   */
  async backUp(isOnline: boolean): Promise<void> {
    await this.converse('hello');
    if (!isOnline) await this.kill();
    await this.#storage.backUp();
    if (!isOnline) await this.start();
    this.kept = await this.#idsAfter(0);
    this.#positions.kept = await this.#position();
    await this.converse('tools');
    this.#positions.lost = await this.#position();
    this.lost = (await this.#idsAfter(0)).slice(this.kept.length);
    expect(this.lost.length).toBeGreaterThan(4);
  }

  /** Continues the session until its log is longer than it was. */
  async outgrow(): Promise<void> {
    for (const content of ['tools', 'hello', 'hello']) {
      // oxlint-disable-next-line no-await-in-loop -- one turn after the other
      await this.converse(content);
    }
    const { length } = await this.#idsAfter(0);
    expect(length).toBeGreaterThan(this.kept.length + this.lost.length);
  }

  start(): Promise<void> {
    return this.#server.start();
  }

  kill(): Promise<void> {
    return this.#server.kill();
  }

  async close(): Promise<void> {
    await this.#server.close();
    await this.#storage.remove();
  }

  /** Sends a message until it is accepted, and waits for the end of its turn. */
  async converse(content: string): Promise<void> {
    const message = { type: 'user_message', content, message_id: randomUUID() };
    const path = `/sessions/${this.#id}`;
    await eventually(async () => {
      const answer = await this.#server.request('POST', `${path}/input`, message);
      return answer?.status === 204;
    });
    await eventually(async () => {
      const answer = await this.#server.request('GET', path);
      return answer?.status === 200 && JSON.parse(answer.body).state === 'idle';
    });
  }

  /** Opens a stream after a cursor. */
  follow(cursor: number): Promise<SseClient> {
    const url = `${this.#server.url}/sessions/${this.#id}/stream`;
    return SseClient.open(url, { 'last-event-id': String(cursor) });
  }

  /** Checks that the cursor of each lost event is refused, and that every other one is served completely. */
  async expectNoGap(): Promise<void> {
    const all = await this.#idsAfter(0);
    expect(all.slice(0, this.kept.length)).toEqual(this.kept);
    for (const [index, cursor] of all.entries()) {
      // oxlint-disable-next-line no-await-in-loop -- one request at a time
      expect(await this.#idsAfter(cursor)).toEqual(all.slice(index + 1));
    }
    for (const cursor of this.lost) {
      /* oxlint-disable no-await-in-loop -- one request at a time */
      const stream = await this.follow(cursor);
      expect(stream.status).toBe(412);
      expect(stream.json()).toMatchObject({ code: expect.stringMatching(/^cursor_/) });
      expect(await this.#read(cursor)).toMatch(/^412 cursor_(lost|ahead)$/);
      /* oxlint-enable no-await-in-loop */
    }
  }

  /**
   * Checks that the stream of all sessions continues from the position at the backup without a gap, and reports one to a
   * client that has received lost events.
   */
  async expectNoSilentGap(): Promise<void> {
    const expected = await this.#idsAfter(this.kept.at(-1)!);
    const last = expected.at(-1) ?? this.kept.at(-1)!;
    const continued = await this.#followAll(this.#positions.kept);
    await continued.until(() => continued.idsOf(this.#id).length >= expected.length);
    expect(continued.idsOf(this.#id)).toEqual(expected);
    expect(continued.names()).not.toContain('stream_gap');
    const ahead = await this.#followAll(this.#positions.lost);
    const { payload } = await ahead.next('stream_gap', this.#id);
    expect(payload).toEqual({ after_id: 0, last_id: last });
    // Both go on with the next event.
    await this.converse('hello');
    const next = await this.#idsAfter(last);
    for (const [stream, ids] of [
      [continued, [...expected, ...next]],
      [ahead, next],
    ] as const) {
      await stream.until(() => stream.idsOf(this.#id).length >= ids.length); // oxlint-disable-line no-await-in-loop -- both
      expect(stream.idsOf(this.#id)).toEqual(ids);
      stream.close();
    }
  }

  async #position(): Promise<string> {
    const stream = await this.#followAll();
    const { cursor } = stream;
    stream.close();
    return cursor;
  }

  async #followAll(position?: string): Promise<JointClient> {
    const headers = position === undefined ? {} : { 'last-event-id': position };
    const stream = await JointClient.open(`${this.#server.url}/stream`, headers);
    await stream.next('stream_start');
    return stream;
  }

  /** Returns the ids after a cursor, or the status and the code of the refusal. */
  async #read(cursor: number): Promise<number[] | string> {
    const path = `/sessions/${this.#id}/events?after=${cursor}`;
    const answer = await this.#server.request('GET', path);
    const { events, code } = JSON.parse(answer?.body ?? '{}') as {
      events?: { id: number }[];
      code?: string;
    };
    return events?.map(({ id }) => id) ?? `${answer?.status} ${code}`;
  }

  async #idsAfter(cursor: number): Promise<number[]> {
    const ids = await this.#read(cursor);
    if (typeof ids === 'string') throw new Error(ids);
    return ids;
  }
}
