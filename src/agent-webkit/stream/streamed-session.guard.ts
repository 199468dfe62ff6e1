import {
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  Inject,
  Injectable,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { DescriptorReserve } from '../http/descriptor-reserve.js';
import { readLastEventId, type RequestWithCursor } from '../http/cursors.js';
import { identityOf } from '../http/current-caller.decorator.js';
import { SessionNotFoundError } from '../engine/errors.js';
import { SessionRegistry } from '../engine/registry/session-registry.js';
import type { SessionSubscriptions } from '../engine/registry/session-subscriptions.js';
import type { ReadableSession } from '../engine/session/readable-session.js';
import { ENGINE_OBSERVER } from '../agent-webkit.tokens.js';
import type { EngineObserver } from '../engine/engine-observer.js';
import { refuse, toHttpException } from '../http/http-errors.js';
import { adaptOpening, type Opening } from './stream-opening.js';

/** The session of a stream, and where the stream begins. */
export interface StreamedSession {
  session: ReadableSession;
  subscriptions: Pick<SessionSubscriptions, 'subscribe'>;
  /** The id of the last event that the client has received; 0 for none. Checked by the guard. */
  after: number;
  /** True when the caller does not own the session, so that its access can end. */
  isGuest: boolean;
  /** Returns the exception for an error that occurs before the headers are sent. */
  refuse: (error: unknown) => unknown;
}

type StreamRequest = RequestWithCursor & { params: { id: string } };

const streamed = new WeakMap<object, StreamedSession>();

const requestOf = (context: ExecutionContext) => context.switchToHttp().getRequest<StreamRequest>();

/**
 * Resolves the session of a stream, checks its cursor, and rejects a stream that cannot begin. Nest
 * waits for a guard, but not for a handler of `@Sse` or for the host's interceptors: if they take
 * time, Nest has already responded with 200.
 */
@Injectable()
export class StreamedSessionGuard implements CanActivate {
  constructor(
    private readonly registry: SessionRegistry,
    private readonly descriptors: DescriptorReserve,
    readonly adapterHost: HttpAdapterHost,
    @Inject(ENGINE_OBSERVER) readonly observer: EngineObserver,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = requestOf(context);
    const { caller } = identityOf(context);
    // Read outside the closure, which lives as long as the stream and would keep the context alive.
    const response = context.switchToHttp().getResponse<Opening & { raw?: Opening }>();
    const { adapterHost, observer } = this;
    const refusal = (error: unknown) => refuse(error, response, { adapterHost, observer });
    try {
      const after = readLastEventId(request);
      const session = await this.registry.subscriptions.at(request.params.id, caller, after);
      session.checkSubscribable(after);
      this.descriptors.check();
      const { subscriptions } = this.registry;
      const isGuest = session.owner !== caller.id;
      streamed.set(request, { session, subscriptions, after, isGuest, refuse: refusal });
      adaptOpening(response.raw ?? response);
    } catch (error) {
      throw refusal(error);
    }
    return true;
  }
}

/** The session that {@link StreamedSessionGuard} resolved. */
export const Streamed = createParamDecorator(
  (_: unknown, context: ExecutionContext): StreamedSession => {
    const request = requestOf(context);
    const found = streamed.get(request);
    streamed.delete(request); // it would live as long as the request
    if (!found) throw toHttpException(new SessionNotFoundError());
    return found;
  },
);
