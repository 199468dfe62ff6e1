import { Logger, type Provider } from '@nestjs/common';
import type { Bus } from './engine/bus.js';
import type { AgentSandbox } from './engine/agent-sandbox.js';
import type { SdkFactory } from './engine/agent-client.js';
import type { EngineObserver } from './engine/engine-observer.js';
import { SessionRegistry } from './engine/registry/session-registry.js';
import { SessionEngine } from './engine/registry/session-engine.js';
import type { StorageProvider } from './engine/storage.js';
import { MemoryStorage } from './storage/memory/memory-storage.js';
import { claudeSdkFactory } from './agents/claude/claude-sdk-factory.js';
import { MODULE_OPTIONS_TOKEN } from './agent-webkit.module-definition.js';
import { type ResolvedOptions, resolveOptions } from './options/resolved-options.js';
import {
  AGENT_SANDBOX,
  BUS,
  ENGINE_OBSERVER,
  RESOLVED_OPTIONS,
  SDK_FACTORY,
  STORAGE_PROVIDER,
} from './agent-webkit.tokens.js';
import { AgentWebkitAuthGuard } from './auth.guard.js';
import { DescriptorReserve } from './http/descriptor-reserve.js';
import { busFor } from './hosting/chosen-bus.js';
import { ChosenSandbox, sandboxFor } from './hosting/chosen-sandbox.js';
import { createEngine } from './hosting/create-engine.js';
import { createRegistry } from './hosting/create-registry.js';
import { systemSandbox } from './sandbox/system-sandbox.js';
import { EventHandlers } from './event-handlers/event-handlers.js';
import { AgentWebkitHealth } from './health.js';
import { OpenStreams } from './stream/open-streams.js';
import { TurnTraces } from './telemetry/turn-traces.js';
import { AgentComponents } from './tools/agent-components.js';
import { AgentTools } from './tools/agent-tools.js';
import { joinHostTools } from './tools/join-host-tools.js';
import { SessionRegistryService } from './session-registry.service.js';
import { Telemetry } from './telemetry/telemetry.js';
import { ComponentSchemas } from './component-schemas.js';

/** The providers of an `AgentWebkitModule`, besides those of its extras. */
export const MODULE_PROVIDERS: Provider[] = [
  {
    provide: RESOLVED_OPTIONS,
    inject: [MODULE_OPTIONS_TOKEN],
    useFactory: resolveOptions,
  },
  {
    provide: SDK_FACTORY,
    inject: [RESOLVED_OPTIONS],
    useFactory: ({ sdkFactory }: ResolvedOptions) => sdkFactory ?? claudeSdkFactory(),
  },
  {
    provide: STORAGE_PROVIDER,
    inject: [RESOLVED_OPTIONS],
    useFactory: ({ storage }: ResolvedOptions) => storage ?? new MemoryStorage(),
  },
  {
    provide: BUS,
    inject: [RESOLVED_OPTIONS, STORAGE_PROVIDER],
    useFactory: ({ bus }: ResolvedOptions, storage: StorageProvider) => busFor(bus, storage),
  },
  {
    provide: AGENT_SANDBOX,
    inject: [RESOLVED_OPTIONS],
    useFactory: ({ sandbox: { use }, network: { allow } }: ResolvedOptions) =>
      sandboxFor(use, () => systemSandbox({ network: allow.length > 0 })),
  },
  {
    provide: ChosenSandbox,
    inject: [RESOLVED_OPTIONS, SDK_FACTORY, AGENT_SANDBOX],
    useFactory: (
      { sandbox: options }: ResolvedOptions,
      sdkFactory: SdkFactory,
      sandbox: AgentSandbox | null,
    ) => ChosenSandbox.of(options, { sandbox, sdkFactory, logger: new Logger('AgentWebkit') }),
  },
  {
    provide: Telemetry,
    inject: [RESOLVED_OPTIONS],
    useFactory: ({ telemetry }: ResolvedOptions) =>
      new Telemetry(telemetry, new Logger('AgentWebkit')),
  },
  {
    provide: ENGINE_OBSERVER,
    inject: [Telemetry],
    useFactory: ({ observer }: Telemetry) => observer,
  },
  {
    provide: SessionRegistry,
    inject: [
      RESOLVED_OPTIONS,
      SDK_FACTORY,
      STORAGE_PROVIDER,
      BUS,
      ChosenSandbox,
      AgentTools,
      AgentComponents,
      TurnTraces,
      ENGINE_OBSERVER,
    ],
    useFactory: (
      options: ResolvedOptions,
      sdkFactory: SdkFactory,
      storage: StorageProvider,
      bus: Bus | null,
      sandbox: ChosenSandbox,
      tools: AgentTools,
      components: AgentComponents,
      tracer: TurnTraces,
      observer: EngineObserver,
    ) =>
      createRegistry(options, {
        sdkFactory,
        storage,
        bus,
        sandbox,
        observer,
        hostTools: (start) => joinHostTools(tools.of(start), components.tools),
        logger: new Logger('AgentWebkit'),
        tracer,
      }),
  },
  TurnTraces,
  AgentTools,
  AgentComponents,
  { provide: ComponentSchemas, useExisting: AgentComponents },
  {
    provide: SessionEngine,
    inject: [SessionRegistry, STORAGE_PROVIDER, ChosenSandbox, TurnTraces, Telemetry],
    useFactory: (
      registry: SessionRegistry,
      storage: StorageProvider,
      sandbox: ChosenSandbox,
      tracer: TurnTraces,
      telemetry: Telemetry,
    ) =>
      createEngine({
        registry,
        storage,
        sandbox,
        tracer,
        telemetry,
        logger: new Logger('AgentWebkit'),
      }),
  },
  AgentWebkitAuthGuard,
  { provide: DescriptorReserve, useFactory: () => new DescriptorReserve() },
  OpenStreams,
  EventHandlers,
  AgentWebkitHealth,
  SessionRegistryService,
];
