import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Caller } from '../engine/caller.js';
import { UnauthorizedError } from '../engine/errors.js';
import { toHttpException } from './http-errors.js';

/** Who makes a request, as the guard found out, and whom it would find now. */
export interface Identity {
  readonly caller: Caller;
  /**
   * Asks again. Resolves to the same caller as it is known now, or to null where it is not any
   * more. Never rejects: whatever keeps the guard from saying yes is a no.
   */
  verify(): Promise<Caller | null>;
}

const identities = new WeakMap<object, Identity>();

/** Finds out who makes a request: null, or an error thrown at once or later, where it is nobody who may. */
export type Identify = () => Caller | null | Promise<Caller | null>;

/** Notes who makes a request. Called by the guard. */
export function setIdentity(request: object, caller: Caller, identify: Identify): void {
  identities.set(request, {
    caller,
    verify: async () => {
      try {
        const known = await identify();
        return known?.id === caller.id ? known : null;
      } catch {
        return null; // as it refuses a request
      }
    },
  });
}

/** @throws HttpException 401 where the guard has not been */
export function identityOf(context: ExecutionContext): Identity {
  const identity = identities.get(context.switchToHttp().getRequest<object>());
  if (identity) return identity;
  throw toHttpException(
    new UnauthorizedError('Authentication failed: the request has no authenticated caller.'),
  );
}

/** Who makes the request. */
export const CurrentCaller = createParamDecorator(
  (_: unknown, context: ExecutionContext): Caller => identityOf(context).caller,
);

/** Who makes the request, for a route that lasts. */
export const CurrentIdentity = createParamDecorator(
  (_: unknown, context: ExecutionContext): Identity => identityOf(context),
);
