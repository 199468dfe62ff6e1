import type { ReactNode } from 'react';
import type { SessionInfo } from '../../../src/agent-webkit/protocol/answers.js';
import type { SessionStateName } from '../../../src/agent-webkit/protocol/events.js';
import { formatAgo, formatCost } from './format.js';
import { titleOf, type Titles } from './titles.js';

const STATES: Readonly<Record<SessionStateName, string>> = {
  idle: 'Ready',
  running: 'Running',
  awaiting: 'Needs you',
  dormant: 'Dormant',
  closed: 'Ended',
};

interface SessionListProps {
  sessions: readonly SessionInfo[];
  selected: string | null;
  titles: Titles;
  now: number;
  hasMore: boolean;
  problem: string | null;
  onSelect: (id: string) => void;
  onMore: () => void;
  onNew: () => void;
  /** Shown above the sessions. */
  children?: ReactNode;
}

/** The user's sessions, the newest activity first. */
export function SessionList(props: SessionListProps) {
  const { sessions, selected, titles, now, hasMore, problem, onSelect, onMore, onNew } = props;
  const { children } = props;
  return (
    <nav className="sessions" aria-label="Sessions">
      <header className="pane-head">
        <h2>Sessions</h2>
        <button type="button" className="primary" onClick={onNew}>
          New session
        </button>
      </header>
      {problem === null ? null : (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      {children}
      <ul>
        {sessions.map((session) => (
          <li key={session.session_id}>
            <button
              type="button"
              className="session"
              data-state={session.state}
              aria-current={session.session_id === selected ? 'true' : undefined}
              onClick={() => onSelect(session.session_id)}
            >
              <span className="session-title">{titleOf(session.session_id, titles)}</span>
              <span className="session-facts">
                <span className="state" data-state={session.state}>
                  {STATES[session.state]}
                </span>
                <span>{formatAgo(session.last_activity_at, now)}</span>
                <span className="session-cost">{formatCost(session.total_cost_usd)}</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
      {sessions.length === 0 && problem === null ? (
        <p className="empty">You have no sessions yet.</p>
      ) : null}
      {hasMore ? (
        <button type="button" className="quiet more" onClick={onMore}>
          Older sessions
        </button>
      ) : null}
    </nav>
  );
}
