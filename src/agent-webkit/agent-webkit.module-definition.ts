import { type CanActivate, ConfigurableModuleBuilder, type Type } from '@nestjs/common';
import type { AgentWebkitModuleOptions } from './options/agent-webkit.options.js';
import { HOST_GUARD } from './agent-webkit.tokens.js';

/** What Nest must know before the options are made, beside them in `forRoot` and `forRootAsync`. */
export interface AgentWebkitModuleExtras {
  /**
   * Whether the module's exports can be injected everywhere without importing it.
   *
   * @default false
   */
  isGlobal?: boolean;
  /**
   * Your own guard, with its own dependencies, in the place of the option `auth`. It covers every
   * route of the module. The option `caller` says whom it let in.
   */
  guard?: Type<CanActivate>;
}

const extras: AgentWebkitModuleExtras = { isGlobal: false };

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<AgentWebkitModuleOptions>({
    optionsInjectionToken: Symbol('agent-webkit:options'),
  })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createAgentWebkitOptions')
    .setExtras(extras, (definition, { isGlobal = false, guard }) => ({
      ...definition,
      global: isGlobal,
      providers: [
        ...(definition.providers ?? []),
        guard ? { provide: HOST_GUARD, useClass: guard } : { provide: HOST_GUARD, useValue: null },
      ],
    }))
    .build();
