import { memo, useState } from 'react';
import type { Outcome, ToolBlock } from '../session/blocks.js';
import { InputFields } from './input-fields.js';
import { Payload } from './payload.js';
import { readOutput, summarize } from './tool-input.js';

const OUTCOMES: Readonly<Record<Outcome['outcome'], string>> = {
  allowed: 'Allowed',
  denied: 'Denied',
  answered: 'Answered',
  expired: 'Expired',
  cancelled: 'Cancelled',
};

/** A tool call. Collapsed, it shows the tool and its state; expanded, also its input and output. */
export const ToolCall = memo(function ToolCall({ tool }: { tool: ToolBlock }) {
  const [isOpen, setOpen] = useState(false);
  const state = stateOf(tool);
  return (
    <details
      className="tool"
      data-state={state}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>
        <span className="tool-dot" aria-hidden="true" />
        <span className="tool-name">{tool.name}</span>
        <span className="tool-summary">{summarize(tool.input) || tool.partialInput}</span>
        <span className="tool-state">{describe(state, tool.outcome)}</span>
      </summary>
      {isOpen ? <ToolBody tool={tool} /> : null}
    </details>
  );
});

function ToolBody({ tool: { name, input, partialInput, result } }: { tool: ToolBlock }) {
  const output = result ? readOutput(result.output) : null;
  return (
    <div className="tool-body">
      {input === undefined ? (
        <Payload label="Input" text={partialInput} />
      ) : (
        <InputFields input={input} />
      )}
      {output === null ? null : (
        <Payload label={result?.isError ? 'Error' : 'Result'} text={output.text || '(no output)'} />
      )}
      {output?.images.map((url, index) => (
        <img key={index} src={url} alt={`From ${name}`} className="tool-image" />
      ))}
    </div>
  );
}

type State = 'asked' | 'running' | 'denied' | 'failed' | 'done';

function stateOf({ isAsked, outcome, result }: ToolBlock): State {
  if (isAsked) return 'asked';
  if (outcome?.outcome === 'denied') return 'denied';
  if (result === null) return outcome?.outcome === 'cancelled' ? 'denied' : 'running';
  return result.isError ? 'failed' : 'done';
}

const STATES: Readonly<Record<State, string>> = {
  asked: 'Waiting for you',
  running: 'Running',
  denied: '',
  failed: 'Failed',
  done: 'Done',
};

function describe(state: State, outcome: ToolBlock['outcome']): string {
  const by = outcome?.by === undefined ? '' : ` by ${outcome.by}`;
  const decided = outcome ? `${OUTCOMES[outcome.outcome]}${by}` : '';
  return [decided, decided === '' || state === 'failed' ? STATES[state] : '']
    .filter((part) => part !== '')
    .join(' · ');
}
