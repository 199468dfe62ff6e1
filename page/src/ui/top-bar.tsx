import { Logo } from './logo.js';
import { useTheme } from './theme.js';

/** Which pane is seen where there is room for one. */
export type Panel = 'sessions' | 'conversation' | 'events';

const PANELS: Readonly<Record<Panel, string>> = {
  sessions: 'Sessions',
  conversation: 'Conversation',
  events: 'Events',
};
const THEMES = { system: 'Auto', light: 'Light', dark: 'Dark' };

interface TopBarProps {
  panel: Panel;
  onPanel: (panel: Panel) => void;
  /** How many sessions wait for a person. */
  needsYou: number;
  areEventsShown: boolean;
  onEvents: () => void;
  /** Null where the server needs no token. */
  onSignOut: (() => void) | null;
}

/** What is above everything: where one is, and how it looks. */
export function TopBar({
  panel,
  onPanel,
  needsYou,
  areEventsShown,
  onEvents,
  onSignOut,
}: TopBarProps) {
  const { theme, next } = useTheme();
  return (
    <header className="top-bar">
      <div className="brand">
        <Logo />
        <span>Agent sessions</span>
      </div>
      <nav className="panels" aria-label="Panels">
        {Object.entries(PANELS).map(([name, label]) => (
          <button
            key={name}
            type="button"
            aria-current={name === panel ? 'page' : undefined}
            onClick={() => onPanel(name as Panel)}
          >
            {label}
            {name === 'sessions' && needsYou > 0 ? <span className="badge">{needsYou}</span> : null}
          </button>
        ))}
      </nav>
      <div className="top-actions">
        <button
          type="button"
          className="quiet events-toggle"
          aria-pressed={areEventsShown}
          onClick={onEvents}
        >
          Events
        </button>
        <button
          type="button"
          className="quiet"
          onClick={next}
          title="Follow the system, light or dark"
        >
          Theme: {THEMES[theme]}
        </button>
        {onSignOut === null ? null : (
          <button type="button" className="quiet" onClick={onSignOut}>
            Sign out
          </button>
        )}
      </div>
    </header>
  );
}
