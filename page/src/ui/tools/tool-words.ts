import { readTodos } from './todos.js';
import { summarize } from '../tool-input.js';

const NAMES: Readonly<Record<string, string>> = {
  TodoWrite: 'To-do list',
  AskUserQuestion: 'Question',
  ExitPlanMode: 'Plan',
  Task: 'Sub-agent',
  Agent: 'Sub-agent',
};

/** Returns the name of a tool for people. */
export function toolName(tool: string): string {
  const [, server, own] = /^mcp__(.+?)__(.+)$/.exec(tool) ?? [];
  if (server !== undefined && own !== undefined) return `${server}: ${own}`;
  return (Object.hasOwn(NAMES, tool) ? NAMES[tool] : undefined) ?? tool;
}

/** Returns the input of a tool call as one line. */
export function toolSummary(tool: string, input: unknown): string {
  const todos = tool === 'TodoWrite' ? readTodos(input) : null;
  if (todos !== null) {
    const done = todos.filter(({ status }) => status === 'completed').length;
    return `${done} of ${todos.length} done`;
  }
  if (tool === 'Task' || tool === 'Agent') {
    const { description } = (input ?? {}) as { description?: unknown };
    if (typeof description === 'string') return description;
  }
  if (tool === 'ExitPlanMode') {
    const { plan } = (input ?? {}) as { plan?: unknown };
    if (typeof plan === 'string')
      return (
        plan
          .trim()
          .split('\n', 1)[0]
          ?.replace(/^#+\s*/, '') ?? ''
      );
  }
  return summarize(input);
}
