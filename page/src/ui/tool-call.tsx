import { memo, useState } from 'react';
import type { Outcome, ToolBlock } from '../session/blocks.js';
import { readFileChange } from './code/file-change.js';
import { ToolBody } from './tool-body.js';
import { summarize } from './tool-input.js';

const OUTCOMES: Readonly<Record<Outcome['outcome'], string>> = {
  allowed: 'Allowed',
  denied: 'Denied',
  answered: 'Answered',
  expired: 'Expired',
  cancelled: 'Cancelled',
};

/**
 * A tool call. Collapsed, it shows the tool and its state; expanded, also its input and output. A file that was
 * changed shows its change until the user collapses it.
 */
export const ToolCall = memo(function ToolCall({ tool }: { tool: ToolBlock }) {
  const [wish, setWish] = useState<boolean | null>(null);
  const state = stateOf(tool);
  const isOpen = wish ?? (state === 'done' && readFileChange(tool.name, tool.input) !== null);
  return (
    <details
      className="tool"
      data-state={state}
      open={isOpen}
      onToggle={({ currentTarget }) => {
        if (currentTarget.open !== isOpen) setWish(currentTarget.open);
      }}
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
