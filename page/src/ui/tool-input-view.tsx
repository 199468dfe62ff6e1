import { CodeBlock } from './code/code-block.js';
import { readFileChange } from './code/file-change.js';
import { FileDiff } from './code/file-diff.js';
import { InputFields } from './input-fields.js';

/** The input of a tool: the change of a file as a diff, a command as code, and any other one by its fields. */
export function ToolInputView({ tool, input }: { tool: string; input: unknown }) {
  const change = readFileChange(tool, input);
  if (change !== null) return <FileDiff change={change} />;
  if (tool === 'Task' || tool === 'Agent') return <InputFields input={withoutTitle(input)} />;
  const call = readCommand(tool, input);
  if (call === null) return <InputFields input={input} />;
  return (
    <>
      <CodeBlock text={call.command} language="bash" />
      {Object.keys(call.others).length === 0 ? null : <InputFields input={call.others} />}
    </>
  );
}

/** The summary of the call shows the description already. */
function withoutTitle(input: unknown): unknown {
  if (typeof input !== 'object' || input === null) return input;
  const { description: _, ...others } = input as Record<string, unknown>;
  return others;
}

function readCommand(
  tool: string,
  input: unknown,
): { command: string; others: Record<string, unknown> } | null {
  if (tool !== 'Bash' || typeof input !== 'object' || input === null) return null;
  const { command, ...others } = input as Record<string, unknown>;
  return typeof command === 'string' ? { command, others } : null;
}
