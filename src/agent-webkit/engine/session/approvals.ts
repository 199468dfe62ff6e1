import type { EventPayloads } from '../../protocol/events.js';
import type { PermissionResult } from '../agent-client.js';
import type { Caller } from '../caller.js';
import { ForbiddenError, InvalidRequestError } from '../errors.js';
import type { OpenRequest } from '../event-log/session-state.js';
import { shownDigest } from './resolution.js';
import type { Settlement } from './settlement.js';

/** The callers on whose behalf the agent works. */
export interface Askers {
  readonly owner: string;
  /** Those whose messages the running turn has received. */
  readonly askedBy: readonly string[];
}

/**
 * Returns the event data of an approval after which a request needs more of them; null when the result
 * resolves the request.
 *
 * @throws ForbiddenError when the caller may not approve it, or has done so
 * @throws InvalidRequestError when the approval is for more than the call that all approve
 */
export function partialApproval(
  request: OpenRequest,
  settlement: Settlement,
  by: Caller,
  { owner, askedBy }: Askers,
): EventPayloads['request_approved'] | null {
  const { approvals, approvedBy, correlationId } = request;
  // Only a permission needs approvals.
  const result = settlement.result as PermissionResult;
  if (!approvals || result.behavior === 'deny') return null;
  if (approvals.except_owner && by.id === owner) {
    throw new ForbiddenError(
      'The owner of the session may not approve this request. It stays open for other callers.',
    );
  }
  if (approvals.except_owner && askedBy.includes(by.id)) {
    throw new ForbiddenError(
      'You have sent a message of this turn, so another caller must approve it. The request stays open.',
    );
  }
  if (approvedBy.includes(by.id)) {
    throw new ForbiddenError(
      'You have approved this request. Another caller must approve it, too.',
    );
  }
  const isChanged =
    result.updatedInput !== request.input || result.updatedPermissions !== undefined;
  if (isChanged) {
    throw new InvalidRequestError(
      `updated_input, updated_permissions: '${correlationId}' needs ${approvals.required} approvals of the same call. ` +
        'Leave them out, or deny the request with a message.',
    );
  }
  const given = approvedBy.length + 1;
  if (given >= approvals.required) return null;
  return {
    correlation_id: correlationId,
    by: by.id,
    at: new Date().toISOString(),
    input_digest: shownDigest(request),
    approvals: given,
    required: approvals.required,
  };
}
