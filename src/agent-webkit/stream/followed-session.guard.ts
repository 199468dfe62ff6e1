import {
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  Injectable,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { readLastEventId, type RequestWithCursor } from '../http/cursors.js';
import { identityOf } from '../http/current-caller.decorator.js';
import { SessionNotFoundError } from '../engine/errors.js';
import { SessionRegistry } from '../engine/registry/session-registry.js';
import type { Session } from '../engine/session/session.js';
import { refuse, toHttpException } from '../http/http-errors.js';

/** What a stream follows, and from where. */
export interface FollowedSession {
  session: Session;
  /** The seq after which it begins. */
  after: number;
  /** What is to be thrown for an error. */
  refuse: (error: unknown) => unknown;
}

type FollowingRequest = RequestWithCursor & { params: { id: string } };

const followed = new WeakMap<object, FollowedSession>();

const requestOf = (context: ExecutionContext) =>
  context.switchToHttp().getRequest<FollowingRequest>();

/**
 * Finds the session that a stream is to follow, and refuses what could not be followed. In a guard,
 * which Nest waits for: it answers a handler of `@Sse` that takes its time, or an interceptor of the
 * host that asks something before it, with 200 before it knows what comes of it.
 */
@Injectable()
export class FollowedSessionGuard implements CanActivate {
  constructor(
    private readonly registry: SessionRegistry,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = requestOf(context);
    const { caller } = identityOf(context);
    // Read here: the refusal lasts as long as the stream, and would keep the context alive.
    const response: unknown = context.switchToHttp().getResponse();
    const refusal = (error: unknown) => refuse(error, response, this.adapterHost);
    try {
      const after = readLastEventId(request);
      const session = await this.registry.getAt(request.params.id, caller, after);
      session.checkSubscribable(after);
      followed.set(request, { session, after, refuse: refusal });
    } catch (error) {
      throw refusal(error);
    }
    return true;
  }
}

/** What {@link FollowedSessionGuard} found. */
export const Followed = createParamDecorator(
  (_: unknown, context: ExecutionContext): FollowedSession => {
    const request = requestOf(context);
    const found = followed.get(request);
    followed.delete(request); // not needed for as long as the stream
    if (!found) throw toHttpException(new SessionNotFoundError());
    return found;
  },
);
