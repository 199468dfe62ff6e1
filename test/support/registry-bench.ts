import { SessionPolicy } from '../../src/agent-webkit/engine/registry/session-policy.js';
import type { SessionRegistryOptions } from '../../src/agent-webkit/engine/registry/registry-parts.js';
import { SessionRegistry } from '../../src/agent-webkit/engine/registry/session-registry.js';
import type { StorageProvider } from '../../src/agent-webkit/engine/storage.js';
import { MemoryStorage } from '../../src/agent-webkit/storage/memory/memory-storage.js';
import { fakeAgents } from './fake-agent-client.js';
import { FakeFolders } from './fake-folders.js';
import { LIMITS } from './session-bench.js';

const quiet = () => undefined;

export const ADA = { id: 'ada' };
export const BOB = { id: 'bob' };

/** A registry with fake agents. */
export function createRegistry(
  storage: StorageProvider = new MemoryStorage(),
  options: Partial<SessionRegistryOptions> = {},
) {
  const fakes = fakeAgents();
  const folders = new FakeFolders();
  const logger = { log: quiet, warn: quiet, error: quiet };
  const registry = new SessionRegistry({
    storage,
    sdkFactory: fakes.factory,
    limits: LIMITS,
    commands: ['clear'],
    permissionModes: ['default', 'plan'],
    logger,
    folders,
    policy: new SessionPolicy(
      {
        model: null,
        permissionModes: ['default', 'plan'],
        allowOutputFormat: false,
        effortLevels: ['low', 'medium', 'high', 'xhigh', 'max'],
        includePartialMessages: true,
        models: null,
        commands: ['clear'],
        maxTurns: null,
        maxBudgetUsd: null,
        contentLimits: {
          maxContentBlocks: 100,
          maxTextLength: 1_000_000,
          maxImageBytes: 5_000_000,
        },
        configureSession: null,
      },
      folders,
    ),
    maxStreamsPerCaller: 100,
    maxSessionsPerOwner: 100,
    maxCreationsPerMinute: 1000,
    maxAgents: 1000,
    backgroundGraceMs: null,
    warmPool: 0,
    canAccess: null,
    canAnswer: null,
    durableTools: [],
    onDecision: quiet,
    retentionMs: null,
    emptySessionTtlMs: null,
    usageRetentionMs: null,
    shutdownDelayMs: 0,
    drainTimeoutMs: 30_000,
    shutdownGraceMs: 100,
    ...options,
  });
  const living = () => fakes.agents.filter(({ isClosed }) => !isClosed).length;
  return { registry, agents: fakes.agents, folders, living };
}
