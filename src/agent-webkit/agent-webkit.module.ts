import {
  type DynamicModule,
  Inject,
  Logger,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  type OnModuleDestroy,
  type OnModuleInit,
  type Type,
} from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { SessionEngine } from './engine/registry/session-engine.js';
import { ConfigurableModuleClass } from './agent-webkit.module-definition.js';
import type { ASYNC_OPTIONS_TYPE, OPTIONS_TYPE } from './agent-webkit.module-definition.js';
import { type ResolvedOptions } from './options/resolved-options.js';
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
import { onPublicAddress } from './http/public-address.js';
import { JsonBodyMiddleware } from './http/json-body.middleware.js';
import { takeTraceContext } from './http/trace-context.middleware.js';
import { ChosenSandbox } from './hosting/chosen-sandbox.js';
import { EventHandlers } from './event-handlers/event-handlers.js';
import { checkKeepAlive } from './stream/check-keep-alive.js';
import { AgentWebkitHealth } from './health.js';
import { AgentComponents } from './tools/agent-components.js';
import { AgentTools } from './tools/agent-tools.js';
import { type AgentFeature, featureModule } from './tools/feature.js';
import { SessionRegistryService } from './session-registry.service.js';
import { MODULE_PROVIDERS } from './module-providers.js';
import { PROTOCOL_CONTROLLERS } from './protocol-controllers.js';

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
  providers: MODULE_PROVIDERS,
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
      .apply(preventCaching, JsonBodyMiddleware, takeTraceContext)
      .forRoutes(...PROTOCOL_CONTROLLERS, ...(this.#admin ? [AdminController] : []));
  }
}
