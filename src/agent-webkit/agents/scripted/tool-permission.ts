import type { PermissionMode, PermissionResult } from '../../engine/agent-client.js';
import type { ToolOptions } from './script.js';
import type { Turn } from './turn.js';

const EDITING_TOOLS = new Set(['Edit', 'MultiEdit', 'NotebookEdit', 'Write']);

/** A tool call for which a permission is needed. */
export interface ToolRequest {
  name: string;
  input: Record<string, unknown>;
  /** Determines if the call is allowed or denied without asking, or if the user is asked. */
  rule: 'ask' | 'allow' | 'deny';
  context?: ToolOptions<unknown>['context'];
}

/** Returns the rule of a permission mode for a tool. */
export function permissionRule(mode: PermissionMode, tool: string): ToolRequest['rule'] {
  if (mode === 'bypassPermissions') return 'allow';
  if (mode === 'acceptEdits' && EDITING_TOOLS.has(tool)) return 'allow';
  return mode === 'dontAsk' ? 'deny' : 'ask';
}

/** Decides by the rule, or asks the session. Rejects when the turn ends before there is a decision. */
export async function decide(
  turn: Turn,
  agentId: string | null,
  { name, input, rule, context }: ToolRequest,
  toolUseID: string,
): Promise<PermissionResult> {
  // A call that an earlier agent has begun has its request already.
  const mustAsk = turn.alwaysAsks(name, input) || turn.isRepeating;
  if (rule === 'allow' && !mustAsk) return { behavior: 'allow' };
  if (rule === 'deny' && !mustAsk) {
    return {
      behavior: 'deny',
      message: `The permission mode 'dontAsk' denies ${name} without asking.`,
    };
  }
  // As with the real agent, the session has read the tool call before it receives the request.
  await turn.read();
  const stored = agentId === null ? turn.recordRequest(toolUseID) : undefined;
  const result = await turn.untilOver(
    turn.canUseTool(name, input, {
      displayName: name,
      ...context,
      signal: turn.signal,
      toolUseID,
      ...(stored && { stored }),
      ...(agentId !== null && { agentID: agentId }),
    }),
  );
  turn.endWaiting(toolUseID);
  return result;
}
