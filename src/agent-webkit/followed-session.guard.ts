import {
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  Injectable,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { readLastEventId } from './cursors.js';
import { identityOf } from './current-caller.decorator.js';
import { SessionNotFoundError } from './engine/errors.js';
import type { Session } from './engine/session.js';
import { refuse } from './http-errors.js';
import { SessionRegistryService } from './session-registry.service.js';

const sessions = new WeakMap<object, Session>();

const requestOf = (context: ExecutionContext) =>
  context.switchToHttp().getRequest<{ params: { id: string } }>();

/**
 * Finds the session that a stream is to follow. In a guard, which Nest waits for: it answers a
 * handler of `@Sse` that takes its time with 200 before it knows what comes of it.
 */
@Injectable()
export class FollowedSessionGuard implements CanActivate {
  constructor(
    private readonly registry: SessionRegistryService,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = requestOf(context);
    const { caller } = identityOf(context);
    try {
      const after = readLastEventId(context) ?? 0;
      sessions.set(request, await this.registry.getAt(request.params.id, caller, after));
    } catch (error) {
      throw refuse(error, context, this.adapterHost);
    }
    return true;
  }
}

/** The session that {@link FollowedSessionGuard} found. */
export const FollowedSession = createParamDecorator(
  (_: unknown, context: ExecutionContext): Session => {
    const session = sessions.get(requestOf(context));
    if (!session) throw new SessionNotFoundError();
    return session;
  },
);
