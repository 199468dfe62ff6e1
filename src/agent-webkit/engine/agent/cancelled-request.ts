import type { PermissionResult } from '../agent-client.js';

/** The reply to a request that can no longer be answered: its turn, its agent or its session has ended. */
export function cancelledRequest(): PermissionResult {
  return { behavior: 'deny', message: 'This request can no longer be answered.', interrupt: true };
}
