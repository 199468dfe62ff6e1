import {
  type DynamicModule,
  Inject,
  Logger,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  type OnModuleDestroy,
  type OnModuleInit,
  type Provider,
  type Type,
} from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import type { Bus } from './engine/bus.js';
import type { AgentSandbox } from './engine/agent-sandbox.js';
import type { SdkFactory } from './engine/agent-client.js';
import type { EngineObserver } from './engine/engine-observer.js';
import { SessionRegistry } from './engine/registry/session-registry.js';
import { SessionEngine } from './engine/registry/session-engine.js';
import type { StorageProvider } from './engine/storage.js';
import { MemoryStorage } from './storage/memory/memory-storage.js';
import { claudeSdkFactory } from './agents/claude/claude-sdk-factory.js';
import { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } from './agent-webkit.module-definition.js';
import type { ASYNC_OPTIONS_TYPE, OPTIONS_TYPE } from './agent-webkit.module-definition.js';
import { type ResolvedOptions, resolveOptions } from './options/resolved-options.js';
import {
  AGENT_SANDBOX,
  BUS,
  ENGINE_OBSERVER,
  HOST_GUARD,
  RESOLVED_OPTIONS,
  SDK_FACTORY,
  STORAGE_PROVIDER,
} from './agent-webkit.tokens.js';
import { AdminController } from './admin/admin.controller.js';
import { ADMIN_OPTIONS, type AdminOptions } from './admin/admin-options.js';
import { checkInjected, checkProviders } from './check-providers.js';
import { AgentWebkitAuthGuard } from './auth.guard.js';
import { preventCaching } from './http/caching.middleware.js';
import { checkBodyLimit } from './http/check-body-limit.js';
import { DescriptorReserve } from './http/descriptor-reserve.js';
import { onPublicAddress } from './http/public-address.js';
import { requireJsonBody } from './http/json-body.middleware.js';
import { takeTraceContext } from './http/trace-context.middleware.js';
import { busFor } from './hosting/chosen-bus.js';
import { ChosenSandbox, sandboxFor } from './hosting/chosen-sandbox.js';
import { createRegistry } from './hosting/create-registry.js';
import { systemSandbox } from './sandbox/system-sandbox.js';
import { EventHandlers } from './event-handlers/event-handlers.js';
import { checkKeepAlive } from './stream/check-keep-alive.js';
import { AgentWebkitHealth } from './health.js';
import { OpenStreams } from './stream/open-streams.js';
import { TurnTraces } from './telemetry/turn-traces.js';
import { AgentComponents } from './tools/agent-components.js';
import { AgentTools } from './tools/agent-tools.js';
import { joinHostTools } from './tools/join-host-tools.js';
import { type AgentFeature, featureModule } from './tools/feature.js';
import { SessionRegistryService } from './session-registry.service.js';
import { Telemetry } from './telemetry/telemetry.js';
import { PROTOCOL_CONTROLLERS } from './protocol-controllers.js';
import { ComponentSchemas } from './component-schemas.js';

const providers: Provider[] = [
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
      { sandbox: { use, ...limits } }: ResolvedOptions,
      { usesWalls }: SdkFactory,
      sandbox: AgentSandbox | null,
    ) =>
      new ChosenSandbox({
        sandbox,
        use,
        limits,
        usesWalls,
        isProduction: process.env['NODE_ENV'] === 'production',
        logger: new Logger('AgentWebkit'),
      }),
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
      new SessionEngine({
        registry,
        storage,
        logger: new Logger('AgentWebkit'),
        prepare: async () => {
          await tracer.load();
          await telemetry.open(() => registry.census());
          await sandbox.open();
        },
        onStopped: () => telemetry.close(),
        assertAgents: () => sandbox.assertAgents(),
      }),
  },
  AgentWebkitAuthGuard,
  { provide: DescriptorReserve, useFactory: () => new DescriptorReserve() },
  OpenStreams,
  EventHandlers,
  AgentWebkitHealth,
  SessionRegistryService,
];

/**
 * Makes a Nest app a server for agent sessions, under `/sessions`, `/requests`, `/stream`, `/usage`,
 * `/capabilities` and `/genui`.
 *
 * For several kinds of agents in one app, import a subclass for each. Each has its own options,
 * guard, storage, agents and `SessionRegistryService`, and its own path of the `RouterModule`:
 *
 * @example
 * class SupportAgents extends AgentWebkitModule {}
 *
 * \@Module({
 *   imports: [
 *     SupportAgents.forRoot({ auth: { tokens: ['support-token'] } }),
 *     RouterModule.register([{ path: 'support', module: SupportAgents }]),
 *   ],
 * })
 * class AppModule {}
 */
@Module({
  controllers: PROTOCOL_CONTROLLERS,
  providers,
  exports: [
    SessionRegistryService,
    AgentWebkitHealth,
    SDK_FACTORY,
    STORAGE_PROVIDER,
    BUS,
    AGENT_SANDBOX,
    // A host's controllers may use the same guard, which Nest instantiates in their module.
    AgentWebkitAuthGuard,
    RESOLVED_OPTIONS,
    HOST_GUARD,
    ENGINE_OBSERVER,
  ],
})
export class AgentWebkitModule
  extends ConfigurableModuleClass
  implements NestModule, OnModuleInit, OnModuleDestroy
{
  readonly #modules: ModulesContainer;
  readonly #adapterHost: HttpAdapterHost;
  readonly #options: ResolvedOptions;
  readonly #sandbox: ChosenSandbox;
  readonly #engine: SessionEngine;
  readonly #tools: AgentTools;
  readonly #handlers: EventHandlers;
  readonly #components: AgentComponents;
  readonly #admin: AdminOptions | null;
  #ignoreAddress = (): void => undefined;

  /** @internal */
  constructor(
    modules: ModulesContainer,
    adapterHost: HttpAdapterHost,
    @Inject(RESOLVED_OPTIONS) options: ResolvedOptions,
    sandbox: ChosenSandbox,
    engine: SessionEngine,
    tools: AgentTools,
    handlers: EventHandlers,
    components: AgentComponents,
    @Inject(ADMIN_OPTIONS) admin: AdminOptions | null,
  ) {
    super();
    this.#admin = admin;
    this.#modules = modules;
    this.#adapterHost = adapterHost;
    this.#options = options;
    this.#sandbox = sandbox;
    this.#engine = engine;
    this.#tools = tools;
    this.#handlers = handlers;
    this.#components = components;
  }

  /**
   * Imports the module with options that are known at this point.
   *
   * @example
   * AgentWebkitModule.forRoot({ auth: { tokens: [process.env.TOKEN] } })
   */
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    return super.forRoot(options);
  }

  /**
   * Imports the module with options from a factory with dependencies, a class, or an existing provider.
   *
   * @example
   * AgentWebkitModule.forRootAsync({
   *   inject: [ConfigService],
   *   useFactory: (config: ConfigService) => ({ auth: { tokens: [config.getOrThrow('TOKEN')] } }),
   * })
   */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    checkInjected(this.name, options.inject ?? []);
    return super.forRootAsync(options);
  }

  /**
   * Gives tools and components of a feature to the agents of this module, or of the subclass it is called on. Without it, a provider with
   * `AgentTool` in any module is a tool of all agents of the app.
   *
   * @example
   * \@Module({ imports: [AgentWebkitModule.forFeature({ tools: [OrderTools], imports: [OrdersModule] })] })
   * class OrdersFeature {}
   */
  static forFeature(feature: AgentFeature): DynamicModule {
    return featureModule(this, feature);
  }

  /** @internal */
  onModuleInit(): void {
    const agentModule = this.constructor as Type<AgentWebkitModule>;
    this.#tools.discover(agentModule);
    this.#components.discover(agentModule, this.#tools.names);
    this.#handlers.start();
    checkProviders(
      [...this.#modules.values()],
      (instance) => instance instanceof AgentWebkitModule,
    );
    const { policy, keepAliveMs } = this.#options;
    const warnings = [
      checkBodyLimit(this.#adapterHost.httpAdapter, policy.contentLimits),
      checkKeepAlive(keepAliveMs),
    ];
    for (const warning of warnings) {
      if (warning !== null) new Logger('AgentWebkit').warn(warning);
    }
    this.#ignoreAddress = onPublicAddress(this.#adapterHost, (address) => {
      if (this.#sandbox.markReachable(`it listens on ${address}`)) void this.#engine.stopAgents();
    });
  }

  /** @internal */
  onModuleDestroy(): void {
    this.#ignoreAddress();
  }

  /** @internal */
  configure(consumer: MiddlewareConsumer): void {
    consumer
      .apply(preventCaching, requireJsonBody, takeTraceContext)
      .forRoutes(...PROTOCOL_CONTROLLERS, ...(this.#admin ? [AdminController] : []));
  }
}
