import { readFileChange } from './code/file-change.js';
import { FileDiff } from './code/file-diff.js';
import { InputFields } from './input-fields.js';

/** The input of a tool: the change of a file as a diff, and any other one by its fields. */
export function ToolInputView({ tool, input }: { tool: string; input: unknown }) {
  const change = readFileChange(tool, input);
  return change === null ? <InputFields input={input} /> : <FileDiff change={change} />;
}
