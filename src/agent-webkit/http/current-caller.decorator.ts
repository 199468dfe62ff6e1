import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Caller } from '../engine/caller.js';
import { UnauthorizedError } from '../engine/errors.js';
import { toolCallOf } from '../tool-call.js';
import { toHttpException } from './http-errors.js';

/** The caller of a request, and the way to authenticate it again. */
export interface Identity {
  readonly caller: Caller;
  /**
   * Authenticates the request again. Resolves to the caller with its current data, or to null when it
   * is no longer authenticated. Never rejects: an error of the guard counts as a failed authentication.
   */
  verify(): Promise<Caller | null>;
}

const identities = new WeakMap<object, Identity>();

/** Authenticates a request. Returns null, throws, or rejects when it has no authenticated caller. */
export type Identify = () => Caller | null | Promise<Caller | null>;

/** Records the caller of a request. The guard calls it. */
export function setIdentity(request: object, caller: Caller, identify: Identify): void {
  identities.set(request, {
    caller,
    verify: async () => {
      try {
        const known = await identify();
        return known?.id === caller.id ? known : null;
      } catch {
        return null; // an error of the guard rejects the request
      }
    },
  });
}

/** @throws HttpException with status 401 when the guard has not run */
export function identityOf(context: ExecutionContext): Identity {
  const identity = identities.get(context.switchToHttp().getRequest<object>());
  if (identity) return identity;
  throw toHttpException(
    new UnauthorizedError('Authentication failed: the request has no authenticated caller.'),
  );
}

/** The caller of the request; in a method with `@AgentTool()`, the owner of the session. */
export const CurrentCaller = createParamDecorator(
  (_: unknown, context: ExecutionContext): Caller =>
    (toolCallOf(context) ?? identityOf(context)).caller,
);

/** The caller of the request and the way to authenticate it again, for a long-lived response. */
export const CurrentIdentity = createParamDecorator(
  (_: unknown, context: ExecutionContext): Identity => identityOf(context),
);
