import type { HostToolContent, HostToolOutput, ToolImageType } from '../engine/host-tool.js';

/** The maximum size of the output of one call, in characters. */
const MAX_OUTPUT_CHARS = 1_000_000;

const IMAGE_TYPES: readonly unknown[] = [
  'image/jpeg',
  'image/png',
  'image/gif',
  'image/webp',
] satisfies ToolImageType[];

/** Returns the output for what a method returned: a text, content of MCP, or a value as JSON. */
export function toolOutput(returned: unknown): HostToolOutput {
  const content = isContent(returned) ? returned.content : [textOf(returned)];
  const chars = content.reduce((sum, part) => sum + sizeOf(part), 0);
  if (chars > MAX_OUTPUT_CHARS) {
    return failure(
      `The output has ${chars} characters, and at most ${MAX_OUTPUT_CHARS} are allowed. Ask for less.`,
    );
  }
  return { content, isError: false };
}

/** Returns the output of a call that failed. The message is for the model. */
export function failure(message: string): HostToolOutput {
  return { content: [{ type: 'text', text: message }], isError: true };
}

function textOf(returned: unknown): HostToolContent {
  if (typeof returned === 'string') return { type: 'text', text: returned };
  return { type: 'text', text: returned === undefined ? 'Done.' : JSON.stringify(returned) };
}

function isContent(returned: unknown): returned is { content: readonly HostToolContent[] } {
  if (typeof returned !== 'object' || returned === null || !('content' in returned)) return false;
  const { content } = returned;
  return Array.isArray(content) && content.every(isPart);
}

function isPart(part: unknown): part is HostToolContent {
  if (typeof part !== 'object' || part === null || !('type' in part)) return false;
  if (part.type === 'text') return 'text' in part && typeof part.text === 'string';
  if (part.type !== 'image' || !('data' in part) || !('mimeType' in part)) return false;
  return typeof part.data === 'string' && IMAGE_TYPES.includes(part.mimeType);
}

function sizeOf(part: HostToolContent): number {
  return part.type === 'text' ? part.text.length : part.data.length;
}
