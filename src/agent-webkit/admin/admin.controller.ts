import {
  Controller,
  Delete,
  Get,
  HttpCode,
  HttpStatus,
  Logger,
  Param,
  Post,
  Query,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import type { Caller } from '../engine/caller.js';
import { withLogFields } from '../engine/log-fields.js';
import { SessionEngine } from '../engine/registry/session-engine.js';
import { AgentWebkitErrorInterceptor } from '../http/agent-webkit-error.interceptor.js';
import { CurrentCaller } from '../http/current-caller.decorator.js';
import { decodeCreationCursor, encodeCursor } from '../http/cursors.js';
import { ValidatedPipe } from '../http/validated.pipe.js';
import type {
  AdminServer,
  AdminServers,
  AdminSession,
  AdminSessionsPage,
} from '../protocol/admin.js';
import { ListAdminSessionsDto } from '../protocol/admin-dto.js';
import { AdminGuard } from './admin.guard.js';

/**
 * The routes for operators, which exist only with `admin`. A host names this class where it applies middleware or a
 * decorator to them. Its methods are not public.
 */
@Controller('admin')
@UseGuards(AdminGuard)
@UseInterceptors(AgentWebkitErrorInterceptor)
export class AdminController {
  private readonly logger = new Logger('AgentWebkit');

  /** @internal */
  constructor(private readonly engine: SessionEngine) {}

  /** @internal */
  @Get('sessions')
  async sessions(
    @Query(new ValidatedPipe(ListAdminSessionsDto)) query: Readonly<ListAdminSessionsDto>,
  ): Promise<AdminSessionsPage> {
    const { limit, cursor, owner, state } = query;
    const after = cursor === undefined ? null : decodeCreationCursor(cursor);
    const filter = { ...(owner !== undefined && { owner }), ...(state && { state }) };
    const { sessions, next } = await this.engine.sessionAdmin.list(limit, after, filter);
    return { sessions, next_cursor: next && encodeCursor(next) };
  }

  /** @internal */
  @Get('sessions/:id')
  session(@Param('id') id: string): Promise<AdminSession> {
    return this.engine.sessionAdmin.info(id);
  }

  /** @internal */
  @Post('sessions/:id/interrupt')
  @HttpCode(HttpStatus.NO_CONTENT)
  async interrupt(@Param('id') id: string, @CurrentCaller() operator: Caller): Promise<void> {
    if (!(await this.engine.sessionAdmin.interrupt(id))) return;
    this.report(id, `interrupted by the operator ${operator.id}`);
  }

  /** @internal */
  @Post('sessions/:id/sleep')
  @HttpCode(HttpStatus.NO_CONTENT)
  async sleep(@Param('id') id: string, @CurrentCaller() operator: Caller): Promise<void> {
    if (!(await this.engine.sessionAdmin.sleep(id))) return;
    this.report(id, `put to sleep by the operator ${operator.id}`);
  }

  /** @internal */
  @Delete('sessions/:id')
  @HttpCode(HttpStatus.NO_CONTENT)
  async end(@Param('id') id: string, @CurrentCaller() operator: Caller): Promise<void> {
    await this.engine.sessionAdmin.end(id);
    this.report(id, `ended by the operator ${operator.id}`);
  }

  /** @internal */
  @Get('servers')
  async servers(): Promise<AdminServers> {
    return { servers: await this.engine.serverAdmin.list() };
  }

  /** @internal */
  @Post('servers/:address/drain')
  @HttpCode(HttpStatus.OK)
  async drain(
    @Param('address') address: string,
    @CurrentCaller() operator: Caller,
  ): Promise<AdminServer> {
    const server = await this.engine.serverAdmin.drain(address);
    this.logger.log(`Server ${server.address ?? address}: drained by the operator ${operator.id}.`);
    return server;
  }

  /** @internal */
  @Delete('servers/:address/drain')
  async resume(
    @Param('address') address: string,
    @CurrentCaller() operator: Caller,
  ): Promise<AdminServer> {
    const server = await this.engine.serverAdmin.resume(address);
    this.logger.log(
      `Server ${server.address ?? address}: put to work again by the operator ${operator.id}.`,
    );
    return server;
  }

  private report(id: string, action: string): void {
    const logger = withLogFields(this.logger, () => ({ session_id: id }));
    logger.log?.(`Session ${id}: ${action}.`);
  }
}
