import type { HostTools } from '../engine/host-tool.js';

/** Returns the tools of both, the system prompt and the instructions included; null when there are none. */
export function joinHostTools(one: HostTools | null, other: HostTools | null): HostTools | null {
  if (one === null || other === null) return one ?? other;
  const prompts = [one.systemPrompt, other.systemPrompt].filter((text) => text !== undefined);
  return {
    tools: [...one.tools, ...other.tools],
    instructions: new Map([...one.instructions, ...other.instructions]),
    ...(prompts.length > 0 && { systemPrompt: prompts.join('\n\n') }),
  };
}
