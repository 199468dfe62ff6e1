import { memo } from 'react';
import type { ToolBlock } from '../session/blocks.js';
import { Payload, toJson } from './payload.js';
import { readOutput, summarize } from './tool-input.js';

const OUTCOMES: Readonly<Record<string, string>> = {
  allowed: 'Allowed',
  denied: 'Denied',
  answered: 'Answered',
  expired: 'Expired',
  cancelled: 'Cancelled',
};

/** A tool call: folded, it says which and how it went; unfolded, what went in and what came out. */
export const ToolCall = memo(function ToolCall({ tool, isOpen }: { tool: ToolBlock; isOpen: boolean }) {
  const { input, partialInput, result, outcome } = tool;
  const output = result ? readOutput(result.output) : null;
  const state = result === null ? (outcome?.outcome === 'denied' ? 'denied' : 'running') : result.isError ? 'failed' : 'done';
  return (
    <details className="tool" data-state={state} open={isOpen || undefined}>
      <summary>
        <span className="tool-dot" aria-hidden="true" />
        <span className="tool-name">{tool.name}</span>
        <span className="tool-summary">{summarize(input) || partialInput}</span>
        <span className="tool-state">{describe(state, outcome)}</span>
      </summary>
      <div className="tool-body">
        <Payload label="Input" text={input === undefined ? partialInput : toJson(input)} />
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

function describe(state: string, outcome: ToolBlock['outcome']): string {
  const by = outcome?.by === undefined ? '' : ` by ${outcome.by}`;
  const decided = outcome ? `${OUTCOMES[outcome.outcome] ?? outcome.outcome}${by}` : '';
  const went = { running: 'Running', failed: 'Failed', done: 'Done', denied: '' }[state] ?? '';
  if (decided === '') return went;
  return state === 'failed' && outcome?.outcome !== 'denied' ? `${decided} · Failed` : decided;
}
