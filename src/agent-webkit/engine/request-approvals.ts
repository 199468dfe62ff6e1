import type { RequestApprovalsData } from '../protocol/events.js';
import { firstMatch } from './tool-names.js';

/** How many callers must approve a request before it is allowed. One denial decides at once. */
export interface RequestApprovals {
  /** From 2 to 10. */
  readonly required: number;
  /**
   * True if the owner of the session may not approve, and no other caller whose message the running turn has received.
   *
   * @default false
   */
  readonly exceptOwner?: boolean;
}

/** The approvals of requests by the name of their tool, in which `*` stands for any text. The first name that matches counts. */
export type RequestApprovalsByTool = Readonly<Record<string, RequestApprovals>>;

/** Returns the approvals that a permission for a tool needs, for its event; undefined when one is enough. */
export function approvalsOf(
  toolName: string,
  byTool: RequestApprovalsByTool,
): RequestApprovalsData | undefined {
  const own = firstMatch(byTool, toolName);
  return own && { required: own.required, except_owner: own.exceptOwner === true };
}
