import { totalmem } from 'node:os';
import type {
  AgentWebkitModuleOptions,
  AuthOptions,
  AgentWebkitRequest,
} from './agent-webkit.options.js';
import type { SdkFactory } from '../engine/agent-client.js';
import type { Caller } from '../engine/caller.js';
import type { SessionPolicyOptions } from '../engine/registry/session-policy.js';
import type { SessionRegistryOptions } from '../engine/registry/session-registry.js';
import type { StorageProvider } from '../engine/storage.js';
import {
  checkAge,
  checkAmount,
  checkAuth,
  checkCount,
  checkCountOrZero,
  checkFlag,
  checkFunction,
  checkModel,
  checkModels,
  checkModes,
  checkMs,
  checkStorage,
  checkTimer,
  checkWorkspace,
} from './option-checks.js';
import { PERMISSION_MODES } from '../protocol/inbound.js';

/** The options with their defaults, checked. */
export interface ResolvedOptions {
  readonly auth: AuthOptions | null;
  readonly caller: (request: AgentWebkitRequest) => Caller | null;
  readonly sdkFactory: SdkFactory | null;
  readonly storage: StorageProvider | null;
  readonly verifyIntervalMs: number | null;
  readonly keepAliveMs: number | null;
  readonly maxWaitingBytes: number;
  readonly policy: SessionPolicyOptions;
  /** What the registry is made of, but for what is injected. */
  readonly registry: Omit<SessionRegistryOptions, 'storage' | 'sdkFactory' | 'logger' | 'policy'>;
}

/** What an agent's process takes, and some for the server's share of it. */
const AGENT_BYTES = 300_000_000;

/** Gives every option its value, or throws and says which one is wrong, and how. */
export function resolveOptions(options: AgentWebkitModuleOptions): ResolvedOptions {
  const count = (name: CountOption, byDefault: number) =>
    checkCount(name, options[name] ?? byDefault);
  const ms = (name: MsOption, byDefault: number) => checkMs(name, options[name] ?? byDefault);
  const timer = (name: TimerOption, byDefault: number | null) =>
    checkTimer(name, options[name], byDefault);
  const resolved: ResolvedOptions = {
    auth: checkAuth(options.auth ?? null),
    caller: checkFunction('caller', options.caller) ?? callerOfUser,
    sdkFactory: checkFunction('sdkFactory', options.sdkFactory),
    storage: checkStorage(options.storage ?? null),
    verifyIntervalMs: timer('verifyIntervalMs', 60_000),
    keepAliveMs: timer('keepAliveMs', 15_000),
    maxWaitingBytes: count('maxWaitingBytes', 4 * 1024 * 1024),
    policy: {
      workspace: checkWorkspace(options.workspace ?? process.cwd()),
      model: checkModel(options.model ?? null),
      models: checkModels(options.models ?? null),
      permissionModes: checkModes(
        options.permissionModes ?? PERMISSION_MODES.filter((mode) => mode !== 'bypassPermissions'),
      ),
      includePartialMessages: checkFlag(
        'includePartialMessages',
        options.includePartialMessages ?? false,
      ),
      maxTurns: options.maxTurns == null ? null : checkCount('maxTurns', options.maxTurns),
      maxBudgetUsd: checkAmount('maxBudgetUsd', options.maxBudgetUsd ?? null),
      contentLimits: {
        maxContentBlocks: count('maxContentBlocks', 100),
        maxTextLength: count('maxTextLength', 1_000_000),
        maxImageBytes: count('maxImageBytes', 5 * 1024 * 1024),
      },
      configureSession: checkFunction('configureSession', options.configureSession),
    },
    registry: {
      limits: {
        maxEvents: count('maxEvents', 1000),
        maxLogChars: count('maxLogChars', 16 * 1024 * 1024),
        maxQueuedMessages: count('maxQueuedMessages', 128),
        maxSubscribers: count('maxSubscribers', 1000),
        maxEventAgeMs: checkAge('maxEventAgeMs', options.maxEventAgeMs ?? null),
        idleTimeoutMs: timer('idleTimeoutMs', 300_000),
        requestTimeoutMs: timer('requestTimeoutMs', null),
        interruptTimeoutMs: ms('interruptTimeoutMs', 10_000),
        agentGraceMs: ms('agentGraceMs', 2000),
        storageTimeoutMs: ms('storageTimeoutMs', 5000),
      },
      maxAgents: count('maxAgents', Math.max(4, Math.floor(totalmem() / AGENT_BYTES))),
      warmPool: checkCountOrZero('warmPool', options.warmPool ?? 0),
      maxSessionsPerOwner: count('maxSessionsPerOwner', 1000),
      maxCreationsPerMinute: count('maxCreationsPerMinute', 60),
      retentionMs: checkAge('retentionMs', options.retentionMs ?? null),
      shutdownGraceMs: ms('shutdownGraceMs', 300),
      canAccess: checkFunction('canAccess', options.canAccess),
      onDecision: checkFunction('onDecision', options.onDecision) ?? (() => undefined),
    },
  };
  return Object.freeze(resolved);
}

type CountOption =
  | 'maxAgents'
  | 'maxContentBlocks'
  | 'maxCreationsPerMinute'
  | 'maxEvents'
  | 'maxImageBytes'
  | 'maxLogChars'
  | 'maxQueuedMessages'
  | 'maxSessionsPerOwner'
  | 'maxSubscribers'
  | 'maxTextLength'
  | 'maxWaitingBytes';
type MsOption = 'agentGraceMs' | 'interruptTimeoutMs' | 'shutdownGraceMs' | 'storageTimeoutMs';
type TimerOption = 'idleTimeoutMs' | 'keepAliveMs' | 'requestTimeoutMs' | 'verifyIntervalMs';

function callerOfUser(request: AgentWebkitRequest): Caller | null {
  const user = 'user' in request ? request.user : null;
  if (typeof user !== 'object' || user === null) return null;
  const { id, sub } = user as { id?: unknown; sub?: unknown };
  const name = id ?? sub;
  return typeof name === 'string' || typeof name === 'number' ? { id: String(name) } : null;
}
