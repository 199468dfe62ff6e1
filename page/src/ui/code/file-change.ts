/** The change of a file by a tool of Claude Code. */
export interface FileChange {
  readonly path: string;
  /** The replaced texts. The whole file is one that replaces nothing. */
  readonly edits: readonly { before: string; after: string; isEverywhere: boolean }[];
  /** True if the tool writes the whole file. What it replaces is not known. */
  readonly isWhole: boolean;
}

/** Returns the change that a tool call makes; null if it is none, or if its input is not the expected one. */
export function readFileChange(tool: string, input: unknown): FileChange | null {
  if (!isRecord(input)) return null;
  const { file_path: path, content, edits } = input;
  if (typeof path !== 'string') return null;
  if (tool === 'Write' && typeof content === 'string') {
    return { path, edits: [{ before: '', after: content, isEverywhere: false }], isWhole: true };
  }
  const list = tool === 'Edit' ? [input] : tool === 'MultiEdit' ? edits : null;
  if (!Array.isArray(list) || list.length === 0) return null;
  const read = list.map(readEdit);
  return read.every((edit) => edit !== null) ? { path, edits: read, isWhole: false } : null;
}

function readEdit(edit: unknown): FileChange['edits'][number] | null {
  if (!isRecord(edit)) return null;
  const { old_string: before, new_string: after, replace_all: isEverywhere } = edit;
  if (typeof before !== 'string' || typeof after !== 'string') return null;
  return { before, after, isEverywhere: isEverywhere === true };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
