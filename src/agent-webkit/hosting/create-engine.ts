import type { EngineLogger } from '../engine/engine-logger.js';
import { SessionEngine } from '../engine/registry/session-engine.js';
import type { SessionRegistry } from '../engine/registry/session-registry.js';
import type { StorageProvider } from '../engine/storage.js';
import { within } from '../engine/timing/within.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { TurnTraces } from '../telemetry/turn-traces.js';
import type { ChosenSandbox } from './chosen-sandbox.js';

/** How long the export of the last spans may take, in milliseconds. */
const FLUSH_TIMEOUT_MS = 1000;

/** The parts of an engine that are opened before it, and end with it. */
export interface EngineParts {
  readonly registry: SessionRegistry;
  readonly storage: StorageProvider;
  readonly sandbox: ChosenSandbox;
  readonly tracer: TurnTraces;
  readonly telemetry: Telemetry;
  readonly logger: EngineLogger;
}

/** Creates the engine of a registry. */
export function createEngine(parts: EngineParts): SessionEngine {
  const { registry, storage, sandbox, tracer, telemetry, logger } = parts;
  return new SessionEngine({
    registry,
    storage,
    logger,
    prepare: async () => {
      await tracer.load();
      await telemetry.open(() => registry.census());
      await sandbox.open();
    },
    onStopped: async () => {
      telemetry.close();
      await within(FLUSH_TIMEOUT_MS, tracer.flush());
    },
    assertAgents: () => sandbox.assertAgents(),
  });
}
