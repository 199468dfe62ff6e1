import type { PermissionMode } from '../../engine/agent-client.js';
import type { HostTool, HostToolContent } from '../../engine/host-tool.js';
import type { UserContent } from '../../protocol/events.js';
import { permissionRule, type ToolRequest } from './tool-permission.js';

/** Returns the rule of a tool of the host, as the real agent applies it. */
export function hostToolRule(
  { asks }: HostTool,
  mode: PermissionMode,
  toolName: string,
): ToolRequest['rule'] {
  if (asks === 'never') return 'allow';
  const rule = permissionRule(mode, toolName);
  return asks === 'always' && rule === 'allow' ? 'ask' : rule;
}

/**
 * Runs a tool of the host.
 *
 * @throws Error with the text for the model when the call failed
 */
export async function runHostTool(
  tool: HostTool,
  input: Record<string, unknown>,
  signal: AbortSignal,
): Promise<UserContent> {
  const { content, isError } = await tool.run(input, { signal, report: () => undefined });
  const texts = content.map((part) => (part.type === 'text' ? part.text : null));
  if (isError) throw new Error(texts.filter((text) => text !== null).join('\n'));
  const [text = null] = texts;
  return content.length === 1 && text !== null ? text : content.map((part) => toBlock(part));
}

function toBlock(part: HostToolContent): Exclude<UserContent, string>[number] {
  if (part.type === 'text') return part;
  const { mimeType, data } = part;
  return { type: 'image', source: { type: 'base64', media_type: mimeType, data } };
}
