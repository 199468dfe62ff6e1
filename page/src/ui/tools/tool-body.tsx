import type { ToolBlock } from '../../session/blocks.js';
import { readFileChange } from '../code/file-change.js';
import { ImageView } from '../image-view.js';
import { Markdown } from '../markdown.js';
import { Payload } from '../payload.js';
import { readOutput } from '../tool-input.js';
import { ToolInputView } from '../tool-input-view.js';
import { Answers } from './answers.js';
import { TodoList } from './todo-list.js';
import { readTodos } from './todos.js';

/** The input and the output of a tool call. */
export function ToolBody({ tool, hasThread }: { tool: ToolBlock; hasThread: boolean }) {
  const { name, result } = tool;
  const output = result ? readOutput(result.output) : null;
  // The last message of a sub-agent is the result of its call.
  const isTold = output !== null && (hasThread || isObvious(tool, output));
  const isOutputShown = output !== null && (result?.isError === true || !isTold);
  return (
    <div className="tool-body">
      <ToolInput tool={tool} />
      {isOutputShown ? (
        <Payload label={result?.isError ? 'Error' : 'Result'} text={output.text || '(no output)'} />
      ) : null}
      {output?.images.map((url, index) => (
        <ImageView key={index} url={url} alt={`Image from ${name}`} />
      ))}
    </div>
  );
}

function ToolInput({ tool }: { tool: ToolBlock }) {
  const { name, input, partialInput, outcome } = tool;
  if (input === undefined) return <Payload label="Input" text={partialInput} />;
  const todos = name === 'TodoWrite' ? readTodos(input) : null;
  if (todos !== null) return <TodoList todos={todos} />;
  if (isAnswered(tool) && outcome !== null) return <Answers input={input} outcome={outcome} />;
  const plan = name === 'ExitPlanMode' ? readPlan(input) : null;
  if (plan !== null) return <Markdown text={plan} />;
  const allowed = outcome?.outcome === 'allowed' ? outcome.updatedInput : undefined;
  return <ToolInputView tool={name} input={allowed ?? input} />;
}

/** Returns the plan in the input of `ExitPlanMode`. */
function readPlan(input: unknown): string | null {
  if (typeof input !== 'object' || input === null || !('plan' in input)) return null;
  return typeof input.plan === 'string' ? input.plan : null;
}

function isAnswered({ name, outcome }: ToolBlock): boolean {
  return name === 'AskUserQuestion' && outcome?.outcome === 'answered';
}

/** Returns true if the output only says in words what is shown anyway. */
function isObvious(tool: ToolBlock, output: ReturnType<typeof readOutput>): boolean {
  if (output.images.length > 0 && output.text === '') return true;
  return isShownByItself(tool);
}

/** Returns true for calls that the user wants to see without a click: what was changed, planned or answered. */
export function isShownByItself(tool: ToolBlock): boolean {
  const { name, input } = tool;
  return (
    isAnswered(tool) ||
    readFileChange(name, input) !== null ||
    (name === 'TodoWrite' && readTodos(input) !== null) ||
    name === 'ExitPlanMode'
  );
}
