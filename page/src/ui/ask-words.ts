/** The tool by which an agent in plan mode asks to carry out its plan. */
export const PLAN_TOOL = 'ExitPlanMode';

type Input = Readonly<Record<string, unknown>>;

/** Returns the question if a tool call is allowed, in plain words. */
export function askWords(tool: string, input: Input): string {
  return `Allow ${actionOf(tool, input)}?`;
}

/** Returns a sentence about a tool call that waits for a permission. */
export function waitingWords(tool: string, input: Input): string {
  if (tool === PLAN_TOOL) return 'A plan needs your approval';
  const action = actionOf(tool, input);
  return `${action.charAt(0).toUpperCase()}${action.slice(1)} needs permission`;
}

function actionOf(tool: string, input: Input): string {
  const [, server, own] = /^mcp__(.+?)__(.+)$/.exec(tool) ?? [];
  if (server !== undefined && own !== undefined) return `“${own}” of ${server}`;
  const action = Object.hasOwn(WORDS, tool) ? WORDS[tool]?.(input) : null;
  return action ?? `the tool ${tool}`;
}

/** The actions of the tools of Claude Code, in words. Null without the part of the input that matters. */
const WORDS: Readonly<Record<string, (input: Input) => string | null>> = {
  Bash: () => 'this command',
  Write: ({ file_path: path }) => withFile('writing', path),
  Edit: ({ file_path: path }) => withFile('editing', path),
  MultiEdit: ({ file_path: path }) => withFile('editing', path),
  NotebookEdit: ({ notebook_path: path }) => withFile('editing', path),
  Read: ({ file_path: path }) => withFile('reading', path),
  Glob: () => 'a search for files',
  Grep: () => 'a search in files',
  WebFetch: ({ url }) => withHost(url),
  WebSearch: () => 'a search on the web',
  Task: () => 'a sub-agent',
  Agent: () => 'a sub-agent',
};

function withFile(verb: string, path: unknown): string | null {
  if (typeof path !== 'string' || path === '') return null;
  return `${verb} ${path.slice(path.lastIndexOf('/') + 1) || path}`;
}

function withHost(url: unknown): string | null {
  if (typeof url !== 'string' || !URL.canParse(url)) return null;
  return `reading from ${new URL(url).host}`;
}
