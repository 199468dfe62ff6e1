import { parsePartialJson } from '../../../src/agent-webkit-client/partial-json.js';
import type { ToolBlock } from '../session/blocks.js';

/** Returns the props of a component that an agent renders, as far as they are written. */
export function readProps({ input, partialInput }: ToolBlock): Record<string, unknown> {
  const props = input === undefined ? parsePartialJson(partialInput) : input;
  const isObject = typeof props === 'object' && props !== null && !Array.isArray(props);
  return isObject ? (props as Record<string, unknown>) : {};
}
