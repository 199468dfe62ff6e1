import { Controller, Get, Query, UseGuards, UseInterceptors } from '@nestjs/common';
import { AgentWebkitErrorInterceptor } from './http/agent-webkit-error.interceptor.js';
import { AgentWebkitAuthGuard } from './auth.guard.js';
import type { Caller } from './engine/caller.js';
import { SessionEngine } from './engine/registry/session-engine.js';
import { CurrentCaller } from './http/current-caller.decorator.js';
import { decodeRequestCursor, encodeRequestCursor } from './http/cursors.js';
import { ValidatedPipe } from './http/validated.pipe.js';
import type { RequestsPage } from './protocol/answers.js';
import { ListRequestsDto } from './protocol/dto.js';

/**
 * The route of the open requests over all sessions. A host names this class beside `SessionsController` where
 * it applies middleware or a decorator to the routes of the protocol. Its methods are not public.
 */
@Controller('requests')
@UseGuards(AgentWebkitAuthGuard)
export class RequestsController {
  /** @internal */
  constructor(private readonly engine: SessionEngine) {}

  /** @internal */
  @Get()
  @UseInterceptors(AgentWebkitErrorInterceptor)
  async list(
    @Query(new ValidatedPipe(ListRequestsDto))
    query: Readonly<Pick<ListRequestsDto, 'limit' | 'cursor'>>,
    @CurrentCaller() caller: Caller,
  ): Promise<RequestsPage> {
    const after = query.cursor === undefined ? null : decodeRequestCursor(query.cursor);
    const { requests, next } = await this.engine.requests(caller, query.limit, after);
    return { requests, next_cursor: next && encodeRequestCursor(next) };
  }
}
