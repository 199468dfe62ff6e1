import type { MessageDelta, RequestOutcome } from '../../../src/agent-webkit/protocol/events.js';

/** The outcome of a request of the agent, and the user who resolved it. */
export interface Outcome {
  outcome: RequestOutcome;
  by?: string;
  /** The input that was allowed, if it is another one: an edited input, or questions with their answers. */
  updatedInput?: Record<string, unknown>;
}

/** A tool call with its input, which may still be streaming, and its output. */
export interface ToolBlock {
  kind: 'tool';
  id: string;
  name: string;
  /** The JSON of the input as far as it has arrived; unused once `input` is set. */
  partialInput: string;
  input: unknown;
  result: { output: unknown; isError: boolean } | null;
  /** True while the call waits for a decision of the user. */
  isAsked: boolean;
  outcome: Outcome | null;
  /** True if the turn ended without a result of the call. */
  isAbandoned: boolean;
}

/** A part of a message of the agent. */
export type Block =
  | { kind: 'text'; text: string }
  | { kind: 'thinking'; text: string }
  | { kind: 'other'; data: unknown }
  | ToolBlock;

/** Creates a block from its form in the protocol and the known state of its tool call. */
export function readBlock(data: unknown, known: readonly Block[]): Block {
  const { type, text, thinking, id, name, input } = isRecord(data) ? data : {};
  if (type === 'text' && typeof text === 'string') return { kind: 'text', text };
  if (type === 'thinking' && typeof thinking === 'string')
    return { kind: 'thinking', text: thinking };
  if (type === 'tool_use' && typeof id === 'string') {
    const block = known.find((other) => other.kind === 'tool' && other.id === id);
    return { ...emptyTool(id, String(name)), ...block, input } as ToolBlock;
  }
  return { kind: 'other', data };
}

/** Returns the model of a message; the earlier one for a message that the SDK has written in place of a model. */
export function readModel(model: unknown, earlier: string | null): string | null {
  return typeof model === 'string' && model !== '' && !model.startsWith('<') ? model : earlier;
}

export function emptyTool(id: string, name: string): ToolBlock {
  return {
    kind: 'tool',
    id,
    name,
    partialInput: '',
    input: undefined,
    result: null,
    isAsked: false,
    outcome: null,
    isAbandoned: false,
  };
}

/** Applies a delta to the blocks. The first `settled` blocks are complete and never change. */
export function addDelta(
  blocks: readonly Block[],
  settled: number,
  delta: MessageDelta,
): readonly Block[] {
  if (delta.type === 'text') {
    const last = blocks.at(-1);
    if (blocks.length > settled && last?.kind === 'text') {
      return blocks.with(blocks.length - 1, { kind: 'text', text: last.text + delta.text });
    }
    return [...blocks, { kind: 'text', text: delta.text }];
  }
  const at = blocks.findIndex((block) => block.kind === 'tool' && block.id === delta.tool_use_id);
  const tool = blocks[at] ?? emptyTool(delta.tool_use_id, delta.name);
  if (tool.kind !== 'tool') return blocks;
  const grown = { ...tool, partialInput: tool.partialInput + delta.partial_json };
  return at === -1 ? [...blocks, grown] : blocks.with(at, grown);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
