import type { ExecutionContext } from '@nestjs/common';
import { AdminController } from '../admin/admin.controller.js';
import { PROTOCOL_CONTROLLERS } from '../protocol-controllers.js';

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
  const controllers = [...PROTOCOL_CONTROLLERS, AdminController];
  return controllers.some((controller) => controller === context.getClass());
}
