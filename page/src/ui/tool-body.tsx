import type { ToolBlock } from '../session/blocks.js';
import { readFileChange } from './code/file-change.js';
import { Payload } from './payload.js';
import { readOutput } from './tool-input.js';
import { ToolInputView } from './tool-input-view.js';

/** The input and the output of a tool call. */
export function ToolBody({ tool: { name, input, partialInput, result } }: { tool: ToolBlock }) {
  const output = result ? readOutput(result.output) : null;
  // A file that was changed shows its change, and not the sentence of the tool about it.
  const isObvious = result?.isError === false && readFileChange(name, input) !== null;
  return (
    <div className="tool-body">
      {input === undefined ? (
        <Payload label="Input" text={partialInput} />
      ) : (
        <ToolInputView tool={name} input={input} />
      )}
      {output === null || isObvious ? null : (
        <Payload label={result?.isError ? 'Error' : 'Result'} text={output.text || '(no output)'} />
      )}
      {output?.images.map((url, index) => (
        <img key={index} src={url} alt={`From ${name}`} className="tool-image" />
      ))}
    </div>
  );
}
