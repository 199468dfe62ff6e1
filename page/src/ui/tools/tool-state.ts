import type { Outcome, ToolBlock } from '../../session/blocks.js';
import { readOutput } from '../tool-input.js';

/** The state of a tool call, as the page shows it. */
export type ToolState = 'asked' | 'running' | 'denied' | 'failed' | 'stopped' | 'done';

export function stateOf({ isAsked, isAbandoned, outcome, result }: ToolBlock): ToolState {
  if (isAsked) return 'asked';
  if (outcome?.outcome === 'denied') return 'denied';
  if (result === null)
    return isAbandoned || outcome?.outcome === 'cancelled' ? 'stopped' : 'running';
  if (!result.isError) return 'done';
  return INTERRUPTED.test(readOutput(result.output).text) ? 'stopped' : 'failed';
}

/** The results that Claude Code gives to calls that it did not run, or not to their end, because the user has stopped it. */
const INTERRUPTED = /^(?:\[Request interrupted by user|The user doesn't want to)/;

const STATES: Readonly<Record<ToolState, string>> = {
  asked: 'Waiting for you',
  running: 'Running',
  denied: '',
  failed: 'Failed',
  stopped: 'Stopped',
  done: 'Done',
};

const OUTCOMES: Readonly<Record<Outcome['outcome'], string>> = {
  allowed: 'Allowed',
  denied: 'Denied',
  answered: 'Answered',
  expired: 'Expired',
  cancelled: 'Cancelled',
};

/** Returns the state of a call in words, with the decision of the user. */
export function describeState(state: ToolState, { name, outcome }: ToolBlock): string {
  const by = outcome?.by === undefined ? '' : ` by ${outcome.by}`;
  // The input of an approved plan is the plan as the server knows it.
  const isEdited =
    outcome?.outcome === 'allowed' && outcome.updatedInput !== undefined && name !== 'ExitPlanMode';
  const decided = outcome
    ? `${OUTCOMES[outcome.outcome]}${isEdited ? ' with changes' : ''}${by}`
    : '';
  const isTold = decided === '' || state === 'failed' || state === 'running';
  return [decided, isTold ? STATES[state] : ''].filter((part) => part !== '').join(' · ');
}
