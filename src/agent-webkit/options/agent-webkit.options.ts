import type { PermissionMode, SdkFactory } from '../engine/agent-client.js';
import type { CanAccess } from '../engine/registry/access.js';
import type { Caller } from '../engine/caller.js';
import type { OnDecision } from '../engine/session/decision.js';
import type { ConfigureSession } from '../engine/registry/session-policy.js';
import type { StorageProvider } from '../engine/storage.js';

/** An HTTP request as the host's adapter made it: Express's, or Fastify's. */
export interface AgentWebkitRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/**
 * Who may come in.
 *
 * - `{ tokens }`: static bearer tokens, each `owner:token`, or `token` for the owner `default`.
 * - `{ verify }`: a function of the request that returns who the caller is, or null for nobody.
 * - `'none'`: everybody, as one caller. For a server only you can reach.
 *
 * A Nest guard of your own takes the place of this: give its class as `guard` beside the options.
 */
export type AuthOptions =
  | 'none'
  | { readonly tokens: readonly string[] }
  | { readonly verify: (request: AgentWebkitRequest) => Caller | null | Promise<Caller | null> };

/** How the module is to behave. Everything but `auth` has a default; a wrong value fails at boot by its name. */
export interface AgentWebkitModuleOptions {
  /** Who may come in. Required, unless a `guard` class is given: there is no open server by omission. */
  readonly auth?: AuthOptions;

  /**
   * Who the caller is, once your own `guard` has let the request in.
   *
   * @default `request.user`, by its `id` or `sub`
   */
  readonly caller?: (request: AgentWebkitRequest) => Caller | null;

  /**
   * What callers may do with sessions of others: a team's, or those a support role may watch. Asked
   * for each request. The listing shows a caller's own sessions in any case.
   *
   * @default nothing
   */
  readonly canAccess?: CanAccess;

  /**
   * Sets anything of a new session's configuration, or refuses the session by throwing, for
   * example a `ForbiddenError`.
   *
   * @default nothing is changed
   */
  readonly configureSession?: ConfigureSession;

  /**
   * Told of every decision about a permission or a question, once it is committed: for an audit trail.
   *
   * @default nobody is told
   */
  readonly onDecision?: OnDecision;

  /**
   * Every how many milliseconds a stream's caller is asked for again, by the same `auth` or `guard`
   * that let the request in. Whoever is not let in any more loses the stream. Null for never.
   *
   * @default 60000
   */
  readonly verifyIntervalMs?: number | null;

  /**
   * What starts agents.
   *
   * @default `claudeSdkFactory()`: the Claude Agent SDK
   */
  readonly sdkFactory?: SdkFactory;

  /**
   * Where sessions are kept.
   *
   * @default `new MemoryStorage()`: nothing outlives the server
   */
  readonly storage?: StorageProvider;

  /**
   * The folder agents work in. A client may ask for a folder in it, never for one outside.
   *
   * @default the process's current folder
   */
  readonly workspace?: string;

  /**
   * The model of a session whose client asks for none; null for the agent's own default.
   *
   * @default null
   */
  readonly model?: string | null;

  /**
   * The models a client may ask for; null for any. The default model need not be among them.
   *
   * @default null
   */
  readonly models?: readonly string[] | null;

  /**
   * The permission modes a client may ask for. The first is a new session's.
   *
   * @default every mode but `bypassPermissions`, beginning with `default`
   */
  readonly permissionModes?: readonly PermissionMode[];

  /**
   * Whether text streams word by word (`message_delta`) when a client does not say.
   *
   * @default false
   */
  readonly includePartialMessages?: boolean;

  /**
   * How many steps of its own an agent may take before it stops, in each of its processes. Null for
   * as many as it likes.
   *
   * @default null
   */
  readonly maxTurns?: number | null;

  /**
   * How much a session may cost before its agent stops, in US dollars. Null for any amount.
   *
   * @default null
   */
  readonly maxBudgetUsd?: number | null;

  /**
   * After how many milliseconds a permission or a question that nobody answers is denied, as
   * `expired`. Null for never.
   *
   * @default null
   */
  readonly requestTimeoutMs?: number | null;

  /**
   * How many of a session's events are kept for those who reconnect. Whoever was away for longer
   * gets 412 and reloads. Open requests and waiting messages are kept in any case.
   *
   * @default 1000
   */
  readonly maxEvents?: number;

  /**
   * How many characters of payload those events may have together. The newest million is in memory
   * while the session is in use, the rest in the storage alone.
   *
   * @default 16777216
   */
  readonly maxLogChars?: number;

  /**
   * For how many milliseconds an event is kept, whatever room there is. Looked at when the session is
   * used; what of a session is stored that nobody uses any more goes by `retentionMs`. When a session
   * is taken into memory again, after a restart or a minute in which it slept and nobody followed it,
   * all its events count as old as its last use: one used often may keep them longer. Open requests,
   * waiting messages and the newest event are kept in any case. Null for no limit.
   *
   * @default null
   */
  readonly maxEventAgeMs?: number | null;

  /**
   * How many user messages may wait for their turn. One more is refused with 503.
   *
   * @default 128
   */
  readonly maxQueuedMessages?: number;

  /**
   * How many sessions one caller may have. One more is refused with 429.
   *
   * @default 1000
   */
  readonly maxSessionsPerOwner?: number;

  /**
   * How many sessions one caller may create within a minute on this server. One more is refused
   * with 429.
   *
   * @default 60
   */
  readonly maxCreationsPerMinute?: number;

  /**
   * How many streams may follow one session. One more is refused with 429.
   *
   * @default 1000
   */
  readonly maxSubscribers?: number;

  /**
   * How many bytes of new events may wait for a client that follows a session and reads none
   * of them. One for which more wait is disconnected; it comes back with its cursor. What waits is
   * in the session's log, which all share; for the client itself waits one write of about 64 kB, and
   * one page of about 256 kB while it is far behind.
   *
   * @default 4194304
   */
  readonly maxWaitingBytes?: number;

  /**
   * How many agents may run on this server. For one more, the agent that has been idle for longest
   * is put to sleep; when all are at work, the message that would need it is refused with 503.
   *
   * @default one for each 300 MB of the machine's memory, at least 4
   */
  readonly maxAgents?: number;

  /**
   * How many agents are started ahead, with the default configuration, so that a new session's first
   * word needs no start. Each takes the memory of an agent and one of `maxAgents`. They are given up
   * when no session is created for ten minutes, until the next one is. For an `sdkFactory` that
   * wants to know the session's owner, leave it at 0.
   *
   * @default 0
   */
  readonly warmPool?: number;

  /**
   * How many blocks a user message may have. A larger one is refused with 413, as for the next two.
   *
   * @default 100
   */
  readonly maxContentBlocks?: number;

  /**
   * How many characters each text of a user message may have.
   *
   * @default 1000000
   */
  readonly maxTextLength?: number;

  /**
   * How many bytes each image of a user message may have.
   *
   * @default 5242880
   */
  readonly maxImageBytes?: number;

  /**
   * After how many milliseconds without a message, a turn, an open request or a subscriber a
   * session's agent is put to sleep, which frees its process. The next message wakes it, at the cost
   * of about a second. Null for never.
   *
   * @default 300000
   */
  readonly idleTimeoutMs?: number | null;

  /**
   * After how many milliseconds without a message, a turn, an open request or a subscriber a
   * session is removed, with everything that is kept of it. Null for never.
   *
   * @default null
   */
  readonly retentionMs?: number | null;

  /**
   * Every how many milliseconds a stream says that it is alive, so that proxies keep it open. Null
   * for never.
   *
   * @default 15000
   */
  readonly keepAliveMs?: number | null;

  /**
   * How many milliseconds an interrupted turn may take to end, before its agent is ended.
   *
   * @default 10000
   */
  readonly interruptTimeoutMs?: number;

  /**
   * How many milliseconds an agent may take to end by itself, before it is made to.
   *
   * @default 2000
   */
  readonly agentGraceMs?: number;

  /**
   * The same when the server goes down, which is in more of a hurry.
   *
   * @default 300
   */
  readonly shutdownGraceMs?: number;

  /**
   * How many milliseconds a client's message may wait for the storage, before it is answered 503.
   *
   * @default 5000
   */
  readonly storageTimeoutMs?: number;
}
