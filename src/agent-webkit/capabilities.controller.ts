import { Controller, Get, Inject, UseGuards } from '@nestjs/common';
import { RESOLVED_OPTIONS } from './agent-webkit.tokens.js';
import { AgentWebkitAuthGuard } from './auth.guard.js';
import type { ResolvedOptions } from './options/resolved-options.js';
import type { Capabilities } from './protocol/answers.js';

/**
 * The route of what a client may choose for a new session. A host names this class beside `SessionsController` where it
 * applies middleware or a decorator to the routes of the protocol. Its methods are not public.
 */
@Controller('capabilities')
@UseGuards(AgentWebkitAuthGuard)
export class CapabilitiesController {
  private readonly capabilities: Capabilities;

  /** @internal */
  constructor(@Inject(RESOLVED_OPTIONS) { policy }: ResolvedOptions) {
    const { model, models, permissionModes, effortLevels } = policy;
    this.capabilities = {
      permission_modes: [...permissionModes],
      model,
      models: models && [...models],
      effort_levels: [...effortLevels],
    };
  }

  /** @internal */
  @Get()
  read(): Capabilities {
    return this.capabilities;
  }
}
