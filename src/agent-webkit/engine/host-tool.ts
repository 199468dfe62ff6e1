import type { ImageBlock } from '../protocol/events.js';

/** A schema in JSON Schema for the input of a tool: that of an object. */
export type ToolInputSchema = Readonly<Record<string, unknown>> & { readonly type: 'object' };

/** A tool that the host gives its agents, and that runs in the server. */
export interface HostTool {
  /** The MCP server that offers it to the agent, such as `app`. */
  readonly server: string;
  /** Its name there. The agent calls it `mcp__<server>__<name>`. */
  readonly name: string;
  /** The description for the model. */
  readonly description: string;
  readonly inputSchema: ToolInputSchema;
  /**
   * If a call needs a person: `never`, `always`, or by the rules of the agent and its permission mode. A tool that
   * never asks changes nothing.
   */
  readonly asks: 'never' | 'always' | 'by-mode';
  /** Calls the tool. Never rejects: a failure is an output with `isError`. */
  run(input: Readonly<Record<string, unknown>>, call: HostToolCall): Promise<HostToolOutput>;
}

/** One call of a {@link HostTool}. */
export interface HostToolCall {
  /** Aborts when the turn is interrupted, or the agent ends. */
  readonly signal: AbortSignal;
  /** Tells the agent how far the call is. Never fails. */
  readonly report: (progress: ToolProgress) => void;
}

/** How far a call of a tool is. */
export interface ToolProgress {
  /** A number that grows, such as the number of files read so far. */
  readonly done: number;
  /** The value of `done` at the end. */
  readonly total?: number;
  /** A few words, such as `Reading orders`. */
  readonly message?: string;
}

/** The output of a call, for the model. */
export interface HostToolOutput {
  readonly content: readonly HostToolContent[];
  readonly isError: boolean;
}

/** A part of an output: a text, or an image as base64. */
export type HostToolContent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image'; readonly data: string; readonly mimeType: ToolImageType };

/** The types of images that a model can see. */
export type ToolImageType = ImageBlock['source']['media_type'];

/** The tools of the host for one agent, and what the model should know about them. */
export interface HostTools {
  readonly tools: readonly HostTool[];
  /** Instructions for the model about the tools of a server, by the name of the server. */
  readonly instructions: ReadonlyMap<string, string>;
  /** A paragraph for the system prompt of the agent. @default none */
  readonly systemPrompt?: string;
}

/** Returns the name by which an agent calls a tool. */
export function toolNameOf({ server, name }: Pick<HostTool, 'server' | 'name'>): string {
  return `mcp__${server}__${name}`;
}
