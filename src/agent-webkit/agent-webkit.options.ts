import type { PermissionMode, SdkFactory } from './engine/agent-client.js';
import type { Caller } from './engine/caller.js';
import type { StorageProvider } from './engine/storage.js';
import {
  checkAuth,
  checkCount,
  checkFlag,
  checkFunction,
  checkModel,
  checkModes,
  checkMs,
  checkRetention,
  checkStorage,
  checkTimer,
  checkWorkspace,
} from './option-checks.js';
import { PERMISSION_MODES } from './protocol/inbound.js';

/** An HTTP request as the host's adapter made it: Express's, or Fastify's. */
export interface IncomingRequest {
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
  | { readonly verify: (request: IncomingRequest) => Caller | null | Promise<Caller | null> };

/** How the module is to behave. Everything but `auth` has a default; a wrong value fails at boot by its name. */
export interface AgentWebkitModuleOptions {
  /** Who may come in. Required, unless a `guard` class is given: there is no open server by omission. */
  readonly auth?: AuthOptions;

  /**
   * Who the caller is, once your own `guard` has let the request in.
   *
   * @default `request.user`, by its `id` or `sub`
   */
  readonly caller?: (request: IncomingRequest) => Caller | null;

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
   * How many of a session's events are kept for those who reconnect. Whoever was away for longer
   * gets 412 and reloads. Open requests and waiting messages are kept in any case.
   *
   * @default 1000
   */
  readonly maxEvents?: number;

  /**
   * How many characters of payload those events may have together.
   *
   * @default 16777216
   */
  readonly maxLogChars?: number;

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

/** The options with their defaults, checked. */
export interface ResolvedOptions {
  readonly auth: AuthOptions | null;
  readonly caller: (request: IncomingRequest) => Caller | null;
  readonly sdkFactory: SdkFactory | null;
  readonly storage: StorageProvider | null;
  readonly workspace: string;
  readonly model: string | null;
  readonly permissionModes: readonly [PermissionMode, ...PermissionMode[]];
  readonly includePartialMessages: boolean;
  readonly maxEvents: number;
  readonly maxLogChars: number;
  readonly maxQueuedMessages: number;
  readonly maxSessionsPerOwner: number;
  readonly idleTimeoutMs: number | null;
  readonly retentionMs: number | null;
  readonly keepAliveMs: number | null;
  readonly interruptTimeoutMs: number;
  readonly agentGraceMs: number;
  readonly storageTimeoutMs: number;
  readonly shutdownGraceMs: number;
}

/** Gives every option its value, or throws and says which one is wrong, and how. */
export function resolveOptions(options: AgentWebkitModuleOptions): ResolvedOptions {
  const resolved: ResolvedOptions = {
    auth: checkAuth(options.auth ?? null),
    caller: checkFunction('caller', options.caller) ?? callerOfUser,
    sdkFactory: checkFunction('sdkFactory', options.sdkFactory),
    storage: checkStorage(options.storage ?? null),
    workspace: checkWorkspace(options.workspace ?? process.cwd()),
    model: checkModel(options.model ?? null),
    permissionModes: checkModes(
      options.permissionModes ?? PERMISSION_MODES.filter((mode) => mode !== 'bypassPermissions'),
    ),
    includePartialMessages: checkFlag(
      'includePartialMessages',
      options.includePartialMessages ?? false,
    ),
    maxEvents: checkCount('maxEvents', options.maxEvents ?? 1000),
    maxLogChars: checkCount('maxLogChars', options.maxLogChars ?? 16 * 1024 * 1024),
    maxQueuedMessages: checkCount('maxQueuedMessages', options.maxQueuedMessages ?? 128),
    maxSessionsPerOwner: checkCount('maxSessionsPerOwner', options.maxSessionsPerOwner ?? 1000),
    idleTimeoutMs: checkTimer('idleTimeoutMs', options.idleTimeoutMs, 300_000),
    retentionMs: checkRetention(options.retentionMs ?? null),
    keepAliveMs: checkTimer('keepAliveMs', options.keepAliveMs, 15_000),
    interruptTimeoutMs: checkMs('interruptTimeoutMs', options.interruptTimeoutMs ?? 10_000),
    agentGraceMs: checkMs('agentGraceMs', options.agentGraceMs ?? 2000),
    storageTimeoutMs: checkMs('storageTimeoutMs', options.storageTimeoutMs ?? 5000),
    shutdownGraceMs: checkMs('shutdownGraceMs', options.shutdownGraceMs ?? 300),
  };
  return Object.freeze(resolved);
}

function callerOfUser(request: IncomingRequest): Caller | null {
  const user = 'user' in request ? request.user : null;
  if (typeof user !== 'object' || user === null) return null;
  const { id, sub } = user as { id?: unknown; sub?: unknown };
  const name = id ?? sub;
  return typeof name === 'string' || typeof name === 'number' ? { id: String(name) } : null;
}
