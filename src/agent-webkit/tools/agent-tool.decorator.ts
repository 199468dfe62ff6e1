import { SetMetadata, type Type } from '@nestjs/common';
import type { StandardInput } from './standard-input.js';

/** The key of the metadata of a method with {@link AgentTool}. Not exported from the package. */
export const AGENT_TOOL = 'agent-webkit:tool';

/** How many calls of a tool one caller may make. */
export interface ToolRateLimit {
  /** The maximum number of calls in a window. */
  readonly calls: number;
  /** The length of the window, in milliseconds. */
  readonly perMs: number;
}

/** A tool for agents, made of a method of a provider. */
export interface AgentToolOptions {
  /**
   * The name of the tool: 1 to 64 letters, digits, `_` and `-`. The agent calls it `mcp__<server>__<name>`.
   *
   * @default the name of the method in snake case: `findOrder` is `find_order`
   */
  readonly name?: string;
  /** The MCP server that the tool belongs to: 1 to 32 letters, digits and `-`. @default 'app' */
  readonly server?: string;
  /** The description for the model: the purpose of the tool, and when to use it. */
  readonly description: string;
  /**
   * The input: a class with decorators of class-validator, or a schema with `~standard`, such as one of zod 4. A
   * call whose input is not valid does not reach the method: the model receives what is wrong.
   *
   * @default a tool without an input
   */
  readonly schema?: Type<object> | StandardInput;
  /** True if the tool changes nothing. Its calls never ask a person. @default false */
  readonly readOnly?: boolean;
  /** True if each call asks a person, whatever rules and permission modes permit. @default false */
  readonly alwaysAsks?: boolean;
  /** The maximum rate of calls of each caller, on this server. A call above it fails, and the model receives when to try again. @default no limit */
  readonly rateLimit?: ToolRateLimit;
  /** How long a call may take, in milliseconds. After that, its signal aborts and it fails. @default 60_000 */
  readonly timeoutMs?: number;
}

/**
 * Makes a method of a provider a tool of the agents. The guards, interceptors, pipes and filters of the method and
 * its class apply, and those that are global do not. The method receives what its decorated parameters name:
 * `@ToolInput()`, `@CurrentSession()`, `@CurrentCaller()` and `@CurrentToolCall()`. What it returns is the output for the model: a
 * text, or a value as JSON.
 *
 * @example
 * \@AgentTool({ description: 'Returns the state of an order.', schema: OrderQuery, readOnly: true })
 * findOrder(\@ToolInput() { id }: OrderQuery, \@CurrentCaller() caller: Caller) {
 *   return this.orders.find(id, caller.id);
 * }
 */
export const AgentTool = (options: AgentToolOptions): MethodDecorator =>
  SetMetadata(AGENT_TOOL, options);
