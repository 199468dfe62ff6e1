import { claudeSdkFactory } from '../agents/claude/claude-sdk-factory.js';
import type { EngineLogger } from '../engine/engine-logger.js';
import type { SessionEngine } from '../engine/registry/session-engine.js';
import type { NotifyOrFunction, OptionGroups } from '../options/agent-webkit.options.js';
import type { HookOptions } from '../options/groups/hooks.js';
import type { StreamOptions } from '../options/groups/stream.js';
import type { TopLevelOptions } from '../options/groups/top-level.js';
import { resolveOptions } from '../options/resolved-options.js';
import { busFor } from './chosen-bus.js';
import { ChosenSandbox, sandboxFor } from './chosen-sandbox.js';
import { createEngine } from './create-engine.js';
import { createRegistry } from './create-registry.js';
import { Telemetry } from '../telemetry/telemetry.js';
import { TurnTraces } from '../telemetry/turn-traces.js';
import { systemSandbox } from '../sandbox/system-sandbox.js';
import { MemoryStorage } from '../storage/memory/memory-storage.js';

/**
 * The options of {@link createSessionEngine}: those of `AgentWebkitModule`, without the ones about
 * HTTP. Authentication is the host's: the engine trusts the caller that is passed to it.
 */
export interface SessionEngineOptions
  extends
    Pick<TopLevelOptions, 'storage' | 'bus'>,
    Omit<OptionGroups, 'stream' | 'hooks' | 'notify'>,
    NotifyOrFunction {
  /**
   * The watches of sessions. `verifyIntervalMs` is how often, in milliseconds, the access of a caller
   * that watches another caller's session is checked again.
   */
  readonly stream?: Pick<StreamOptions, 'maxSubscribers' | 'verifyIntervalMs'>;
  /** Functions of the host that make decisions or record them. */
  readonly hooks?: Omit<HookOptions, 'caller'>;
  /**
   * The log of the engine. Lines contain ids and error codes, never content.
   *
   * @default `console`
   */
  readonly logger?: EngineLogger;
}

/**
 * Creates an engine for agent sessions that needs no framework. Call `start()` before it serves
 * callers, and `stop()` before the process ends.
 *
 * @throws TypeError which names the option that is wrong
 * @example
 * const engine = createSessionEngine({ storage: new SqliteStorage({ file: 'sessions.db' }) });
 * await engine.start();
 * const session = await engine.create({}, { id: 'ann' });
 * await session.send({ type: 'user_message', content: 'Hello' });
 * for await (const event of await session.watch()) console.log(event);
 */
export function createSessionEngine({
  logger = console,
  ...options
}: SessionEngineOptions = {}): SessionEngine {
  const resolved = resolveOptions(options);
  const storage = resolved.storage ?? new MemoryStorage();
  const sdkFactory = resolved.sdkFactory ?? claudeSdkFactory();
  const { use } = resolved.sandbox;
  const { allow } = resolved.network;
  const sandbox = ChosenSandbox.of(resolved.sandbox, {
    sandbox: sandboxFor(use, () => systemSandbox({ network: allow.length > 0 })),
    sdkFactory,
    logger,
  });
  const bus = busFor(resolved.bus, storage);
  const telemetry = new Telemetry(resolved.telemetry, logger);
  const tracer = new TurnTraces();
  const { observer } = telemetry;
  const ports = { sdkFactory, storage, bus, sandbox, observer, logger, tracer };
  const registry = createRegistry(resolved, ports);
  return createEngine({ registry, storage, sandbox, tracer, telemetry, logger });
}
