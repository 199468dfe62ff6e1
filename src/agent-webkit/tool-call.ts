import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Caller } from './engine/caller.js';
import type { ToolProgress } from './engine/host-tool.js';
import type { SessionHandle } from './session-handle.js';

/** The type of the `ExecutionContext` of a tool call: what `getType()` returns in a guard. */
export const TOOL_CONTEXT = 'agent-tool';

/** One call of a tool by an agent. In a provider with `Scope.REQUEST`, inject it by `REQUEST`. */
export interface AgentToolCall {
  /** The name by which the agent called the tool, such as `mcp__app__find_order`. */
  readonly toolName: string;
  /** The session of the agent, on behalf of its owner. */
  readonly session: SessionHandle;
  /** The owner of the session. */
  readonly caller: Caller;
  /** The input that was validated. */
  readonly input: unknown;
  /** Aborts when the turn is interrupted, the agent ends, or the time of the call is over. */
  readonly signal: AbortSignal;
  /** Tells the agent how far the call is. Never fails. */
  readonly report: (progress: ToolProgress) => void;
}

/**
 * Returns the call of a tool in a guard, an interceptor, a filter or a decorator of yours; null in any other context, such as an
 * HTTP request.
 */
export function toolCallOf(context: {
  getType(): string;
  getArgs(): unknown[];
}): AgentToolCall | null {
  return context.getType() === TOOL_CONTEXT ? (context.getArgs()[0] as AgentToolCall) : null;
}

/** @throws TypeError when the decorated method was not called by an agent */
function callIn(context: ExecutionContext): AgentToolCall {
  const call = toolCallOf(context);
  if (call) return call;
  throw new TypeError('This decorator is for the parameters of methods with @AgentTool().');
}

/** The validated input of the tool call. */
export const ToolInput = createParamDecorator(
  (_: unknown, context: ExecutionContext): unknown => callIn(context).input,
);

/** The session of the agent that calls the tool, a `SessionHandle` on behalf of its owner. */
export const CurrentSession = createParamDecorator(
  (_: unknown, context: ExecutionContext): SessionHandle => callIn(context).session,
);

/** The tool call itself: its signal, and a way to report its progress. */
export const CurrentToolCall = createParamDecorator(
  (_: unknown, context: ExecutionContext): AgentToolCall => callIn(context),
);
