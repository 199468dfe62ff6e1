import { memo } from 'react';
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

/** A tool call: folded, it says which and how it went; unfolded, what went in and what came out. */
export const ToolCall = memo(function ToolCall({ tool }: { tool: ToolBlock }) {
  const { input, partialInput, result } = tool;
  const output = result ? readOutput(result.output) : null;
  const state = stateOf(tool);
  return (
    <details className="tool" data-state={state}>
      <summary>
        <span className="tool-dot" aria-hidden="true" />
        <span className="tool-name">{tool.name}</span>
        <span className="tool-summary">{summarize(input) || partialInput}</span>
        <span className="tool-state">{describe(state, tool.outcome)}</span>
      </summary>
      <div className="tool-body">
        {input === undefined ? (
          <Payload label="Input" text={partialInput} />
        ) : (
          <InputFields input={input} />
        )}
        {output === null ? null : (
          <Payload label={result?.isError ? 'Error' : 'Result'} text={output.text || '(nothing)'} />
        )}
        {output?.images.map((url, index) => (
          <img key={index} src={url} alt={`From ${tool.name}`} className="tool-image" />
        ))}
      </div>
    </details>
  );
});

type State = 'asked' | 'running' | 'denied' | 'failed' | 'done';

function stateOf({ isAsked, outcome, result }: ToolBlock): State {
  if (isAsked) return 'asked';
  if (outcome?.outcome === 'denied') return 'denied';
  if (result === null) return outcome?.outcome === 'cancelled' ? 'denied' : 'running';
  return result.isError ? 'failed' : 'done';
}

const STATES: Readonly<Record<State, string>> = {
  asked: 'Waits for you',
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
