import { randomUUID } from 'node:crypto';
import type { CreateSession, InboundMessage } from '../protocol/inbound.js';
import { AcceptedKeys } from './accepted-keys.js';
import type { Caller } from './caller.js';
import {
  AgentWebkitError,
  SessionNotFoundError,
  ShuttingDownError,
  StorageUnavailableError,
  TooManySessionsError,
} from './errors.js';
import { EventLog } from './event-log.js';
import { Session } from './session.js';
import { logOptions, type SessionDependencies } from './session-dependencies.js';
import { describeSession } from './session-info.js';
import type { SessionPolicy } from './session-policy.js';
import type { SessionInfo } from '../protocol/answers.js';
import type { RecordCursor, SessionRecord } from './storage.js';
import { within } from './within.js';

export interface SessionRegistryOptions extends Omit<SessionDependencies, 'onGivenUp'> {
  policy: SessionPolicy;
  /** How many sessions one owner may have. */
  maxSessionsPerOwner: number;
  /** How long an agent may take to end by itself when the server goes down, in milliseconds. */
  shutdownGraceMs: number;
}

/** A page of a caller's sessions. */
export interface SessionPage {
  sessions: SessionInfo[];
  /** Where the next page begins; null when this was the last. */
  next: RecordCursor | null;
}

const MAX_ACCEPTED_KEYS = 10_000;
const ACCEPTED_KEY_AGE_MS = 24 * 60 * 60 * 1000;
/** How many sessions are taken up at a time that a server left unfinished. */
const RECOVERY_PAGE = 20;
/** How long subscribers may take to read what is due to them when the server goes down. */
const DRAIN_TIMEOUT_MS = 1000;
/** How long an agent may take to be gone after its grace. A host's own may never be. */
const AGENT_GONE_TIMEOUT_MS = 5000;

/**
 * All sessions of this server, by id. The one place where it is decided whose session it is: a
 * session is its creator's, and for anybody else it does not exist.
 */
export class SessionRegistry {
  readonly #options: SessionRegistryOptions;
  readonly #deps: SessionDependencies;
  /** What is in memory. A promise while a session is being created, restored. */
  readonly #sessions = new Map<string, Promise<Session | null>>();
  /** The ids of sessions by the key their creation was asked with. */
  readonly #created = new AcceptedKeys<string>(MAX_ACCEPTED_KEYS, ACCEPTED_KEY_AGE_MS);
  /** The agents of sessions that have ended, until they are gone. */
  readonly #leaving = new Set<Promise<void>>();
  /** By owner, the last session that was admitted or refused: the next one is counted after it. */
  readonly #admissions = new Map<string, Promise<unknown>>();
  #shutdown: Promise<void> | null = null;

  constructor(options: SessionRegistryOptions) {
    this.#options = options;
    this.#deps = {
      ...options,
      onGivenUp: (id, agentGone) => {
        this.#sessions.delete(id);
        this.#track(agentGone);
      },
    };
  }

  /** How many sessions are in memory. */
  get size(): number {
    return this.#sessions.size;
  }

  /**
   * Creates a session for a caller, who owns it. Its agent starts in the background.
   *
   * @param idempotencyKey a retry with the same key returns the session of the first call, or
   *   fails as {@link get} does when that was deleted meanwhile
   * @throws ForbiddenError, TooManySessionsError, ShuttingDownError
   */
  async create(wish: CreateSession, caller: Caller, idempotencyKey?: string): Promise<Session> {
    if (this.#shutdown) throw new ShuttingDownError();
    if (idempotencyKey === undefined)
      return this.get(await this.#create(wish, caller, null), caller);
    const key = JSON.stringify([caller.id, idempotencyKey]);
    const id = await this.#created.once(key, () => this.#create(wish, caller, idempotencyKey));
    return this.get(id, caller);
  }

  /** A caller's session. @throws SessionNotFoundError when there is none, or it is another's */
  async get(id: string, caller: Caller): Promise<Session> {
    const session = await (this.#sessions.get(id) ?? this.#take(id, caller));
    if (!session || session.owner !== caller.id || session.state === 'closed') {
      if (this.#shutdown) throw new ShuttingDownError();
      throw new SessionNotFoundError();
    }
    return session;
  }

  /** Gives a session a message of a caller. Resolves when it is accepted for good. */
  async send(
    id: string,
    message: InboundMessage,
    caller: Caller,
    idempotencyKey?: string,
  ): Promise<void> {
    const session = await this.get(id, caller);
    if (this.#shutdown) throw new ShuttingDownError();
    await this.#options.policy.check(message);
    await session.accept(message, caller.id, idempotencyKey);
  }

  /** A caller's sessions, the newest activity first. Those that nobody uses are not taken into memory for it. */
  async list(caller: Caller, limit: number, after: RecordCursor | null): Promise<SessionPage> {
    if (this.#shutdown) throw new ShuttingDownError();
    const { records } = this.#options.storage;
    const page = await answered(records.list(caller.id, limit + 1, after));
    const shown = page.slice(0, limit);
    const sessions = await Promise.all(shown.map((record) => this.#describe(record)));
    const last = shown.at(-1);
    return {
      sessions: sessions.filter((session) => session !== null),
      next:
        page.length > limit && last ? { lastActivityAt: last.lastActivityAt, id: last.id } : null,
    };
  }

  /** Ends a caller's session and forgets it. */
  async delete(id: string, caller: Caller): Promise<void> {
    if (this.#shutdown) throw new ShuttingDownError();
    // One whose end was not stored the first time may be asked for again.
    const ended = await this.#sessions.get(id)?.catch(() => null);
    const session = ended?.owner === caller.id ? ended : await this.get(id, caller);
    const { agentGone } = await session.end('for_good', this.#options.limits.agentGraceMs);
    this.#track(agentGone);
    // An agent that ends still writes its transcript, which is to be gone with everything else.
    await within(this.#options.limits.agentGraceMs + AGENT_GONE_TIMEOUT_MS, agentGone);
    await answered(this.#options.storage.records.delete(id));
    this.#sessions.delete(id);
  }

  /** Takes up what a server left unfinished that is gone: what waited goes on, also when nobody is there. */
  async recover(): Promise<void> {
    const { records } = this.#options.storage;
    let after: string | null = null;
    do {
      // oxlint-disable-next-line no-await-in-loop -- page after page, so that it costs no more memory
      const ids: string[] = await records.unfinished(RECOVERY_PAGE, after);
      // oxlint-disable-next-line no-await-in-loop -- so is this
      await Promise.all(ids.map((id) => this.#sessions.get(id) ?? this.#restore(id)));
      after = ids.length < RECOVERY_PAGE ? null : (ids.at(-1) ?? null);
    } while (after !== null && !this.#shutdown);
  }

  /**
   * Takes nothing new and ends every session: for good where the storage does not outlive this
   * server, for now where it does. Resolves when the streams have ended and the agents are gone.
   */
  shutdown(): Promise<void> {
    this.#shutdown ??= this.#endAll();
    return this.#shutdown;
  }

  /** Resolves to the id of the new session, or of the one that the same key made before. */
  async #create(wish: CreateSession, caller: Caller, key: string | null): Promise<string> {
    const config = await this.#options.policy.configure(wish);
    const now = new Date();
    const record: SessionRecord = {
      id: randomUUID(),
      owner: caller.id,
      config,
      epoch: 1,
      createdAt: now,
      lastActivityAt: now,
    };
    const admitted = this.#admit(record, key);
    // Held before its record is, so that who finds the record finds this session.
    const begun = await this.#hold(record.id, this.#begin(record, admitted));
    return begun?.id ?? (await admitted).id;
  }

  /** Null when the record that was admitted is an earlier one. */
  async #begin(record: SessionRecord, admitted: Promise<SessionRecord>): Promise<Session | null> {
    if ((await admitted).id !== record.id) return null;
    try {
      if (this.#shutdown) throw new ShuttingDownError();
      return await Session.create(record, this.#deps);
    } catch (error) {
      await answered(this.#options.storage.records.delete(record.id));
      throw error;
    }
  }

  /** One after the other for each owner, so that the limit is not passed by many at once. */
  async #admit(record: SessionRecord, key: string | null): Promise<SessionRecord> {
    const { owner } = record;
    const before = this.#admissions.get(owner);
    const admitted = (async () => {
      await before?.catch(() => undefined);
      return this.#store(record, key);
    })();
    this.#admissions.set(owner, admitted);
    try {
      return await admitted;
    } finally {
      if (this.#admissions.get(owner) === admitted) this.#admissions.delete(owner);
    }
  }

  async #store(record: SessionRecord, key: string | null): Promise<SessionRecord> {
    const { storage, maxSessionsPerOwner } = this.#options;
    if (this.#shutdown) throw new ShuttingDownError();
    const stored = await answered(storage.records.create(record, key));
    if (stored.id !== record.id) return stored;
    if ((await answered(storage.records.count(record.owner))) <= maxSessionsPerOwner) return stored;
    await answered(storage.records.delete(record.id));
    throw new TooManySessionsError(maxSessionsPerOwner);
  }

  /** Takes a caller's session into memory. Another's is not touched, not even for a moment. */
  async #take(id: string, caller: Caller): Promise<Session | null> {
    if (this.#shutdown) return null;
    const record = await answered(this.#options.storage.records.get(id));
    if (record?.owner !== caller.id || this.#shutdown) return null;
    // Another request may have begun the same meanwhile.
    return this.#sessions.get(id) ?? this.#restore(id);
  }

  #restore(id: string): Promise<Session | null> {
    const restore = async () => {
      const record = await this.#options.storage.records.claim(id);
      const session = record && (await Session.restore(record, this.#deps));
      // All that is left is its end: its server stopped while it was being deleted.
      if (record && !session) await this.#options.storage.records.delete(id);
      return session;
    };
    return this.#hold(id, answered(restore()));
  }

  async #describe(record: SessionRecord): Promise<SessionInfo | null> {
    const held = await this.#sessions.get(record.id)?.catch(() => null);
    if (held) return held.state === 'closed' ? null : held.info();
    const options = logOptions(record, this.#deps, () => undefined);
    const log = await answered(EventLog.open(options));
    return log.state.closed ? null : describeSession(record, log, 'dormant', []);
  }

  /** Keeps a session in memory, unless it does not come to be. */
  #hold<Held extends Session | null>(id: string, session: Promise<Held>): Promise<Held> {
    this.#sessions.set(id, session);
    session.then(
      (held) => held ?? this.#sessions.delete(id),
      () => this.#sessions.delete(id),
    );
    return session;
  }

  #track(agentGone: Promise<void>): void {
    const leaving = agentGone.finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }

  async #endAll(): Promise<void> {
    const how = this.#options.storage.durable ? 'for_now' : 'for_good';
    // A storage that does not answer holds up nothing here for long.
    const held = await Promise.allSettled(
      [...this.#sessions.values()].map((session) => within(DRAIN_TIMEOUT_MS, session)),
    );
    const sessions = held.flatMap((result) =>
      result.status === 'fulfilled' && result.value ? [result.value] : [],
    );
    await Promise.all(
      sessions.map(async (session) => {
        const ending = session.end(how, this.#options.shutdownGraceMs);
        const ended = await within(DRAIN_TIMEOUT_MS, ending);
        if (ended) this.#track(ended.agentGone);
      }),
    );
    const drained = Promise.all(sessions.map((session) => session.unsubscribed()));
    const agentsGone = Promise.all(this.#leaving);
    await Promise.all([
      within(DRAIN_TIMEOUT_MS, drained),
      within(this.#options.shutdownGraceMs + AGENT_GONE_TIMEOUT_MS, agentsGone),
    ]);
    this.#sessions.clear();
  }
}

/** What the storage answers; what it cannot is told as such, and what it refused as it is. */
async function answered<Answer>(asked: Promise<Answer>): Promise<Answer> {
  try {
    return await asked;
  } catch (error) {
    throw error instanceof AgentWebkitError ? error : new StorageUnavailableError(error);
  }
}
