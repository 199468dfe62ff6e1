import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Caller } from './engine/caller.js';
import { UnauthorizedError } from './engine/errors.js';
import { toHttpException } from './http-errors.js';

const callers = new WeakMap<object, Caller>();

/** Notes who makes a request. Called by the guard. */
export function setCaller(request: object, caller: Caller): void {
  callers.set(request, caller);
}

/** Who makes the request. */
export const CurrentCaller = createParamDecorator(
  (_: unknown, context: ExecutionContext): Caller => {
    const caller = callers.get(context.switchToHttp().getRequest<object>());
    if (!caller)
      throw toHttpException(new UnauthorizedError('Nobody was recognised as the caller.'));
    return caller;
  },
);
