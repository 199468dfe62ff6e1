import type { ApproveOptions, DenyOptions } from '@agent-webkit/core';
import type {
  PermissionResponse,
  QuestionResponse,
} from '../../../src/agent-webkit/protocol/inbound.js';

/** A request as the page shows it. An earlier version of the server sends no digest. */
export interface ShownRequest {
  readonly correlation_id: string;
  readonly input_digest?: string;
}

/** Returns the reply that allows a tool call. */
export function allowance(
  request: ShownRequest,
  { updatedInput, updatedPermissions }: ApproveOptions,
): PermissionResponse {
  return {
    type: 'permission_response',
    behavior: 'allow',
    ...identify(request),
    ...(updatedInput && { updated_input: updatedInput }),
    ...(updatedPermissions && {
      updated_permissions: updatedPermissions as NonNullable<
        PermissionResponse['updated_permissions']
      >,
    }),
  };
}

/** Returns the reply that denies a request. */
export function denial(request: ShownRequest, options: DenyOptions): PermissionResponse {
  const { message, interrupt } = options;
  return {
    type: 'permission_response',
    behavior: 'deny',
    ...identify(request),
    ...(message !== undefined && { message }),
    ...(interrupt !== undefined && { interrupt }),
  };
}

/** Returns the reply to questions. */
export function answer(request: ShownRequest, answers: Record<string, string>): QuestionResponse {
  return { type: 'question_response', ...identify(request), answers };
}

/** Returns the fields of a reply that say which request the user saw. */
export function identify({ correlation_id, input_digest }: ShownRequest) {
  return { correlation_id, ...(input_digest !== undefined && { input_digest }) };
}
