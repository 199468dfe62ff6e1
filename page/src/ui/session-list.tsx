import type { ReactNode } from 'react';
import type { SessionInfo } from '../../../src/agent-webkit/protocol/answers.js';
import { groupSessions } from './session-groups.js';
import { SessionRow } from './session-row.js';
import { titleOf, type Titles } from './titles.js';
import type { ListSearch } from './use-list-filter.js';

interface SessionListProps {
  sessions: readonly SessionInfo[];
  search: ListSearch;
  /** True when the search finds none. */
  isEmpty: boolean;
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

/** The user's sessions by day, the newest activity first, with a search of their titles. */
export function SessionList(props: SessionListProps) {
  const { sessions, selected, titles, now, hasMore, problem, onSelect, onMore, onNew } = props;
  const { search, isEmpty, children } = props;
  const { isArchiveShown } = search;
  return (
    <nav className="sessions" aria-label="Sessions">
      <header className="pane-head">
        <h2>{isArchiveShown ? 'Archive' : 'Sessions'}</h2>
        <button type="button" className="primary" onClick={onNew}>
          New session
        </button>
      </header>
      <div className="session-search" role="search">
        <input
          type="search"
          aria-label="Search sessions"
          placeholder="Search titles"
          value={search.text}
          onChange={(event) => search.type(event.target.value)}
        />
        <button
          type="button"
          className="quiet"
          aria-pressed={isArchiveShown}
          onClick={() => search.showArchive(!isArchiveShown)}
        >
          Archived
        </button>
      </div>
      {problem === null ? null : (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      {children}
      {groupSessions(sessions, now).map((group) => (
        <section key={group.name} aria-label={group.name}>
          <h3 className="session-group">{group.name}</h3>
          <ul>
            {group.sessions.map((session) => (
              <li key={session.session_id}>
                <SessionRow
                  session={session}
                  title={titleOf(session.session_id, titles)}
                  isSelected={session.session_id === selected}
                  now={now}
                  onSelect={() => onSelect(session.session_id)}
                />
              </li>
            ))}
          </ul>
        </section>
      ))}
      {isEmpty && problem === null ? (
        <p className="empty" role="status">
          {describeNone(search.text.trim() !== '', isArchiveShown)}
        </p>
      ) : null}
      {hasMore ? (
        <button type="button" className="quiet more" onClick={onMore}>
          Older sessions
        </button>
      ) : null}
    </nav>
  );
}

function describeNone(isSearching: boolean, isArchiveShown: boolean): string {
  if (isSearching) return 'No title contains this text.';
  return isArchiveShown ? 'You have no archived sessions.' : 'You have no sessions yet.';
}
