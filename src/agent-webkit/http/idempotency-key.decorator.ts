import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { InvalidRequestError } from '../engine/errors.js';

const MAX_KEY_LENGTH = 255;

/** The header Idempotency-Key. A request whose key was accepted before is not executed again. */
export const IdempotencyKey = createParamDecorator(
  (_: unknown, context: ExecutionContext): string | undefined => {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, unknown> }>();
    const key = headers['idempotency-key'];
    if (key === undefined) return undefined;
    if (typeof key === 'string' && key !== '' && key.length <= MAX_KEY_LENGTH) return key;
    throw new InvalidRequestError(
      `Idempotency-Key: must have 1 to ${MAX_KEY_LENGTH} characters, but has ${typeof key === 'string' ? key.length : 0}.`,
    );
  },
);
