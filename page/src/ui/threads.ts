import { createContext } from 'react';
import type { AgentMessage, Item } from '../session/conversation.js';

/** The parts of a conversation that belong to a tool call. */
export interface Threads {
  /** The messages of each sub-agent, by the call that started it. */
  readonly byCall: ReadonlyMap<string, readonly AgentMessage[]>;
  /** The newest call that changed the to-do list. */
  readonly latestTodos: string | null;
}

export const noThreads: Threads = { byCall: new Map(), latestTodos: null };

export const ThreadsContext = createContext<Threads>(noThreads);

/** The tool by which an agent keeps its to-do list. */
export const TODO_TOOL = 'TodoWrite';

/** Separates the messages of sub-agents from the conversation. They stay in it if their call is not known. */
export function separate(items: readonly Item[]): { top: readonly Item[]; threads: Threads } {
  const calls = new Set<string>();
  let latestTodos: string | null = null;
  let hasSubAgents = false;
  for (const item of items) {
    if (item.kind !== 'agent') continue;
    hasSubAgents ||= item.parent !== null;
    for (const block of item.blocks) {
      if (block.kind !== 'tool') continue;
      calls.add(block.id);
      if (block.name === TODO_TOOL && item.parent === null) latestTodos = block.id;
    }
  }
  if (!hasSubAgents) return { top: items, threads: { byCall: noThreads.byCall, latestTodos } };
  const byCall = new Map<string, AgentMessage[]>();
  const top = items.filter((item) => {
    if (item.kind !== 'agent' || item.parent === null || !calls.has(item.parent)) return true;
    const thread = byCall.get(item.parent);
    if (thread) thread.push(item);
    else byCall.set(item.parent, [item]);
    return false;
  });
  return { top, threads: { byCall, latestTodos } };
}
