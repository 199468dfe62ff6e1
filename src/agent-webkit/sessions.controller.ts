import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  HttpStatus,
  Inject,
  type MessageEvent,
  Param,
  Patch,
  Post,
  Put,
  Query,
  Res,
  Sse,
  StreamableFile,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import type { Observable } from 'rxjs';
import { AgentWebkitErrorInterceptor } from './http/agent-webkit-error.interceptor.js';
import type { ResolvedOptions } from './options/resolved-options.js';
import { RESOLVED_OPTIONS } from './agent-webkit.tokens.js';
import { AgentWebkitAuthGuard } from './auth.guard.js';
import { CurrentCaller, CurrentIdentity, type Identity } from './http/current-caller.decorator.js';
import { decodeCursor, encodeCursor } from './http/cursors.js';
import type { Caller } from './engine/caller.js';
import { SessionRegistry } from './engine/registry/session-registry.js';
import { SessionEngine } from './engine/registry/session-engine.js';
import {
  Streamed,
  type StreamedSession,
  StreamedSessionGuard,
} from './stream/streamed-session.guard.js';
import { DescriptorReserve } from './http/descriptor-reserve.js';
import { endOfWait } from './http/end-of-wait.js';
import { IdempotencyKey } from './http/idempotency-key.decorator.js';
import {
  ChangeSessionDto,
  CreateSessionDto,
  EditMessageDto,
  ListSessionsDto,
  ReadDecisionsDto,
  ReadEventsDto,
  SetMembersDto,
} from './protocol/dto.js';
import type {
  ChangeSession,
  CreateSession,
  EditMessage,
  InboundMessage,
  SetMembers,
} from './protocol/inbound.js';
import type {
  CreatedSession,
  EventsPage,
  SessionCapabilities,
  SessionInfo,
  SessionsPage,
} from './protocol/answers.js';
import { OpenStreams } from './stream/open-streams.js';
import { PROTOCOL_VERSION } from './protocol/events.js';
import type { RawResponse } from './stream/response-writer.js';
import { keepAliveComments, type StreamOptions, streamSession } from './stream/session-stream.js';
import { readSessionFilter } from './http/list-query.js';
import { InboundMessagePipe, ValidatedPipe } from './http/validated.pipe.js';

/** The response of Express, or that of Fastify with the response of Node.js in it. */
type AdapterResponse = RawResponse & { readonly raw?: RawResponse };

/**
 * The routes of the protocol. A host names this class where it applies middleware to them, as in
 * `consumer.apply(middleware).forRoutes(SessionsController)`. Its methods are not public.
 * Bodies and queries are typed by interfaces, so that a global
 * `ValidationPipe` of the host leaves them to the protocol's own rules.
 */
@Controller('sessions')
@UseGuards(AgentWebkitAuthGuard)
export class SessionsController {
  private readonly streamOptions: StreamOptions;

  /** @internal */
  constructor(
    private readonly engine: SessionEngine,
    private readonly registry: SessionRegistry,
    private readonly streams: OpenStreams,
    private readonly descriptors: DescriptorReserve,
    @Inject(RESOLVED_OPTIONS) options: ResolvedOptions,
  ) {
    this.streamOptions = { ...options, keepAlive: keepAliveComments(options.keepAliveMs) };
  }

  /** @internal */
  @Post()
  @UseInterceptors(AgentWebkitErrorInterceptor)
  @HttpCode(HttpStatus.OK)
  async create(
    @Body(new ValidatedPipe(CreateSessionDto)) body: CreateSession,
    @CurrentCaller() caller: Caller,
    @IdempotencyKey() key: string | undefined,
  ): Promise<CreatedSession> {
    const session = await this.engine.create(body, caller, key);
    return { session_id: session.id, protocol_version: PROTOCOL_VERSION };
  }

  /** @internal */
  @Get()
  @UseInterceptors(AgentWebkitErrorInterceptor)
  async list(
    @Query(new ValidatedPipe(ListSessionsDto))
    query: Readonly<ListSessionsDto>,
    @Query() sent: Record<string, unknown>,
    @CurrentCaller() caller: Caller,
  ): Promise<SessionsPage> {
    const after = query.cursor === undefined ? null : decodeCursor(query.cursor);
    const filter = readSessionFilter(query, sent);
    const { order } = query;
    const { sessions, next } = await this.engine.list(caller, query.limit, after, {
      filter,
      order,
    });
    return {
      sessions,
      next_cursor: next && encodeCursor(next),
    };
  }

  /** @internal */
  @Get(':id')
  @UseInterceptors(AgentWebkitErrorInterceptor)
  async info(@Param('id') id: string, @CurrentCaller() caller: Caller): Promise<SessionInfo> {
    return this.engine.get(id, caller).info();
  }

  /** @internal */
  @Patch(':id')
  @UseInterceptors(AgentWebkitErrorInterceptor)
  async change(
    @Param('id') id: string,
    @Body(new ValidatedPipe(ChangeSessionDto)) change: ChangeSession,
    @CurrentCaller() caller: Caller,
  ): Promise<SessionInfo> {
    return this.engine.get(id, caller).change(change);
  }

  /** @internal */
  @Put(':id/members')
  @UseInterceptors(AgentWebkitErrorInterceptor)
  async setMembers(
    @Param('id') id: string,
    @Body(new ValidatedPipe(SetMembersDto)) { members, expected_members }: SetMembers,
    @CurrentCaller() caller: Caller,
  ): Promise<SessionInfo> {
    const options = expected_members && { expectedMembers: expected_members };
    return this.engine.get(id, caller).setMembers(members, options);
  }

  /** @internal */
  @Get(':id/capabilities')
  @UseInterceptors(AgentWebkitErrorInterceptor)
  async capabilities(
    @Param('id') id: string,
    @CurrentCaller() caller: Caller,
  ): Promise<SessionCapabilities> {
    return this.engine.get(id, caller).capabilities();
  }

  /** @internal */
  @Get(':id/events')
  @UseInterceptors(AgentWebkitErrorInterceptor)
  async events(
    @Param('id') id: string,
    @Query(new ValidatedPipe(ReadEventsDto))
    { after, limit, wait }: Readonly<ReadEventsDto>,
    @CurrentIdentity() identity: Identity,
    @Res({ passthrough: true }) response: AdapterResponse,
  ): Promise<EventsPage> {
    const session = this.engine.get(id, identity.caller);
    if (wait === 0) return session.read(after, limit);
    this.descriptors.check();
    const raw = response.raw ?? response;
    this.streams.add(raw);
    const { verifyIntervalMs } = this.streamOptions;
    const signal = endOfWait(raw, this.accessCheck(id, identity), verifyIntervalMs);
    return session.read(after, limit, { waitMs: wait * 1000, signal });
  }

  /** @internal */
  @Get(':id/decisions')
  @UseInterceptors(AgentWebkitErrorInterceptor)
  async decisions(
    @Param('id') id: string,
    @Query(new ValidatedPipe(ReadDecisionsDto)) { after }: Readonly<ReadDecisionsDto>,
    @CurrentCaller() caller: Caller,
  ): Promise<StreamableFile> {
    const decisions = await this.engine.get(id, caller).decisions(after);
    const lines = decisions.map((decision) => `${JSON.stringify(decision)}\n`);
    const body = Buffer.from(lines.join(''));
    return new StreamableFile(body, { type: 'application/x-ndjson', length: body.length });
  }

  /**
   * Has no interceptor of this module: Nest would keep its operators for as long as the stream is open.
   *
   * @internal
   */
  @Sse(':id/stream')
  @UseGuards(StreamedSessionGuard)
  stream(
    @Streamed() streamed: StreamedSession,
    @CurrentIdentity() identity: Identity,
    @Res() response: AdapterResponse,
  ): Observable<MessageEvent> {
    const raw = response.raw ?? response;
    this.streams.add(raw);
    const isAllowed = this.accessCheck(streamed.session.id, identity);
    return streamSession(streamed, raw, this.streamOptions, isAllowed);
  }

  /** @internal */
  @Post(':id/input')
  @UseInterceptors(AgentWebkitErrorInterceptor)
  @HttpCode(HttpStatus.NO_CONTENT)
  async input(
    @Param('id') id: string,
    @Body(new InboundMessagePipe()) message: InboundMessage,
    @CurrentCaller() caller: Caller,
    @IdempotencyKey() key: string | undefined,
  ): Promise<void> {
    await this.engine.get(id, caller).send(message, key);
  }

  /** @internal */
  @Patch(':id/queue/:message_id')
  @UseInterceptors(AgentWebkitErrorInterceptor)
  @HttpCode(HttpStatus.NO_CONTENT)
  async editMessage(
    @Param('id') id: string,
    @Param('message_id') messageId: string,
    @Body(new ValidatedPipe(EditMessageDto)) { content }: EditMessage,
    @CurrentCaller() caller: Caller,
    @IdempotencyKey() key: string | undefined,
  ): Promise<void> {
    await this.engine.get(id, caller).editMessage(messageId, content, key);
  }

  /** @internal */
  @Delete(':id/queue/:message_id')
  @UseInterceptors(AgentWebkitErrorInterceptor)
  @HttpCode(HttpStatus.NO_CONTENT)
  async withdrawMessage(
    @Param('id') id: string,
    @Param('message_id') messageId: string,
    @CurrentCaller() caller: Caller,
  ): Promise<void> {
    await this.engine.get(id, caller).withdrawMessage(messageId);
  }

  /** @internal */
  @Delete(':id')
  @UseInterceptors(AgentWebkitErrorInterceptor)
  @HttpCode(HttpStatus.NO_CONTENT)
  async delete(@Param('id') id: string, @CurrentCaller() caller: Caller): Promise<void> {
    await this.engine.get(id, caller).close();
  }

  /** Returns a function that authenticates a request again, and checks that its caller may read the session. */
  private accessCheck(id: string, identity: Identity): (ifUnknown?: boolean) => Promise<boolean> {
    return async (ifUnknown) => {
      const caller = await identity.verify();
      return (
        caller !== null && (await this.registry.subscriptions.isReadable(id, caller, ifUnknown))
      );
    };
  }
}
