import type { ExecutionContext } from '@nestjs/common';
import { RequestsController } from '../requests.controller.js';
import { SessionsController } from '../sessions.controller.js';
import { StreamController } from '../stream.controller.js';
import { UsageController } from '../usage.controller.js';

const CONTROLLERS: readonly unknown[] = [
  SessionsController,
  RequestsController,
  StreamController,
  UsageController,
];

/**
 * Returns true for a route of this module. A global interceptor that changes responses, such as one
 * that wraps each in `{ data }`, passes these on unchanged: clients read them by the protocol.
 *
 * @example
 * intercept(context: ExecutionContext, next: CallHandler) {
 *   if (isAgentWebkitRoute(context)) return next.handle();
 *   return next.handle().pipe(map((data) => ({ data })));
 * }
 */
export function isAgentWebkitRoute(context: Pick<ExecutionContext, 'getClass'>): boolean {
  return CONTROLLERS.includes(context.getClass());
}
