import { Controller, Get } from '@nestjs/common';
import { ComponentSchemas } from './component-schemas.js';
import type { GenuiSchema } from './protocol/answers.js';

/**
 * The route of the components that agents can render. It has no guard: the schema is the contract between the server and the code of its
 * clients, and contains nothing of a session. A host names this class beside `SessionsController` where it applies
 * middleware or a decorator to the routes of the protocol. Its methods are not public.
 */
@Controller('genui')
export class GenuiController {
  /** @internal */
  constructor(private readonly components: ComponentSchemas) {}

  /** @internal */
  @Get('schema')
  read(): GenuiSchema {
    return this.components.schema;
  }
}
