type Input = Readonly<Record<string, unknown>>;

const MAX_CHARS = 80;

/** Returns what a running tool call does, in words: "Running npm test". */
export function runningWords(tool: string, input: unknown): string {
  const [, server, own] = /^mcp__(.+?)__(.+)$/.exec(tool) ?? [];
  if (server !== undefined && own !== undefined) return `Calling “${own}” of ${server}`;
  const fields = typeof input === 'object' && input !== null ? (input as Input) : {};
  const words = Object.hasOwn(WORDS, tool) ? WORDS[tool]?.(fields) : null;
  return words ?? `Running ${tool}`;
}

/** The tools of Claude Code. Null without the part of the input that matters. */
const WORDS: Readonly<Record<string, (input: Input) => string | null>> = {
  Bash: ({ command }) => about('Running', command),
  Write: ({ file_path: path }) => about('Writing', fileName(path)),
  Edit: ({ file_path: path }) => about('Editing', fileName(path)),
  MultiEdit: ({ file_path: path }) => about('Editing', fileName(path)),
  NotebookEdit: ({ notebook_path: path }) => about('Editing', fileName(path)),
  Read: ({ file_path: path }) => about('Reading', fileName(path)),
  Glob: ({ pattern }) => about('Searching for files', pattern),
  Grep: ({ pattern }) => about('Searching in files for', pattern),
  WebFetch: ({ url }) => about('Reading', url),
  WebSearch: ({ query }) => about('Searching the web for', query),
  Task: ({ description }) => about('Sub-agent:', description),
  Agent: ({ description }) => about('Sub-agent:', description),
  TodoWrite: () => 'Changing the to-do list',
};

function about(verb: string, value: unknown): string | null {
  if (typeof value !== 'string' || value.trim() === '') return null;
  const [line = ''] = value.trim().split('\n', 1);
  const isCut = line.length > MAX_CHARS || line.length < value.trim().length;
  return `${verb} ${line.slice(0, MAX_CHARS)}${isCut ? '…' : ''}`;
}

function fileName(path: unknown): string | null {
  return typeof path === 'string' ? path.slice(path.lastIndexOf('/') + 1) : null;
}
