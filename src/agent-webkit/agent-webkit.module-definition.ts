import { type CanActivate, ConfigurableModuleBuilder, type Type } from '@nestjs/common';
import type { AgentWebkitModuleOptions } from './options/agent-webkit.options.js';
import { AdminController } from './admin/admin.controller.js';
import { type AdminOptions, adminProviders } from './admin/admin-options.js';
import { HOST_GUARD } from './agent-webkit.tokens.js';
import { getSessionRegistryToken } from './inject-session-registry.decorator.js';
import { SessionRegistryService } from './session-registry.service.js';

/** The options that Nest needs before the others are resolved. Pass them to `forRootAsync` beside `useFactory`. */
export interface AgentWebkitModuleExtras {
  /**
   * True to make the module's exports injectable everywhere, without importing it.
   *
   * @default false
   */
  isGlobal?: boolean;
  /**
   * Your own guard, with its own dependencies, instead of the option `auth`. It protects every route
   * of the module. The option `hooks.caller` returns the caller of a request it accepted.
   */
  guard?: Type<CanActivate> | undefined;
  /**
   * How operators authenticate. With it, the module has routes under `/admin`, which show the sessions of all owners without their
   * content, and end them.
   *
   * @default there are no such routes
   */
  admin?: AdminOptions | undefined;
}

// Nest removes these names from the options.
const extras: AgentWebkitModuleExtras = { isGlobal: false, guard: undefined, admin: undefined };

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<AgentWebkitModuleOptions>({
    optionsInjectionToken: Symbol('agent-webkit:options'),
  })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createAgentWebkitOptions')
    .setExtras(extras, (definition, { isGlobal = false, guard, admin }) => ({
      ...definition,
      global: isGlobal,
      controllers: admin === undefined ? [] : [AdminController],
      providers: [
        ...(definition.providers ?? []),
        {
          provide: getSessionRegistryToken(definition.module),
          useExisting: SessionRegistryService,
        },
        guard ? { provide: HOST_GUARD, useClass: guard } : { provide: HOST_GUARD, useValue: null },
        ...adminProviders(admin),
      ],
      exports: [...(definition.exports ?? []), getSessionRegistryToken(definition.module)],
    }))
    .build();
