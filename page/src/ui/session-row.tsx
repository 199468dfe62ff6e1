import type { SessionInfo } from '../../../src/agent-webkit/protocol/answers.js';
import type { SessionStateName } from '../../../src/agent-webkit/protocol/events.js';
import { formatAgo, formatCost, formatFullTime } from './format.js';

const STATES: Readonly<Record<SessionStateName, string>> = {
  idle: 'Ready',
  running: 'Running',
  awaiting: 'Needs you',
  dormant: 'Dormant',
  closed: 'Ended',
};

interface RowProps {
  session: SessionInfo;
  title: string;
  isSelected: boolean;
  now: number;
  onSelect: () => void;
}

/** A session in the list. */
export function SessionRow({ session, title, isSelected, now, onSelect }: RowProps) {
  const { state, last_activity_at: lastAt, role, owner } = session;
  return (
    <button
      type="button"
      className="session"
      data-state={state}
      aria-current={isSelected ? 'true' : undefined}
      onClick={onSelect}
    >
      <span className="session-title" title={title}>
        {title}
      </span>
      <span className="session-facts">
        <span className="state" data-state={state}>
          {STATES[state]}
        </span>
        <time dateTime={lastAt} title={formatFullTime(Date.parse(lastAt))}>
          {formatAgo(lastAt, now)}
        </time>
        {role === 'owner' ? null : (
          <span className="session-owner" title={`Shared by ${owner}`}>
            {owner}
          </span>
        )}
        <span className="session-cost">{formatCost(session.total_cost_usd)}</span>
      </span>
    </button>
  );
}
