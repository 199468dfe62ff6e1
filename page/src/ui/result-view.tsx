import type { Item } from '../session/conversation.js';
import { formatCost, formatDuration, formatTokens } from './format.js';
import { countTokens, modelsOf } from './result-facts.js';
import { Time } from './time.js';

type Result = Extract<Item, { kind: 'result' }>;

const ENDINGS: Readonly<Record<string, string>> = {
  success: 'Done',
  error_during_execution: 'Stopped before completion',
  error_max_turns: 'Stopped: step limit reached',
  error_max_budget_usd: 'Stopped: budget used up',
};

/** The end of a turn: how it ended, and what it took. */
export function ResultView({ item }: { item: Result }) {
  // The user has stopped the agent, which is no failure.
  const isInterrupted = item.terminal_reason?.startsWith('aborted') === true;
  const { input, output } = countTokens(item);
  const facts = [
    endingOf(item, isInterrupted),
    item.duration_ms > 0 ? formatDuration(item.duration_ms) : '',
    ...modelsOf(item),
    input + output > 0 ? `tokens: ${formatTokens(input)} in, ${formatTokens(output)} out` : '',
    item.total_cost_usd > 0 ? formatCost(item.total_cost_usd) : '',
  ];
  return (
    <div className="item result" data-error={(item.is_error && !isInterrupted) || undefined}>
      <span>
        {facts.filter((fact) => fact !== '').join(' · ')}
        <Time at={item.at} before=" · " />
      </span>
      {isInterrupted ? null : item.errors?.map((error, index) => <p key={index}>{error}</p>)}
    </div>
  );
}

function endingOf({ subtype, is_error: isError }: Result, isInterrupted: boolean): string {
  if (isInterrupted) return 'Interrupted';
  return subtype === 'success' && isError ? 'Failed' : (ENDINGS[subtype] ?? subtype);
}
