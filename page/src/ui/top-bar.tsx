import { KeyboardHelp } from './keyboard-help.js';
import { Logo } from './logo.js';
import { useTheme } from './theme.js';

/** The visible pane when there is room for only one. */
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
  /** The number of open requests; null when there is none. */
  needsYou: string | null;
  /** Asks for notifications; null when they are not offered. */
  onNotify: (() => void) | null;
  areEventsShown: boolean;
  onEvents: () => void;
  /** Null when the server requires no token. */
  onSignOut: (() => void) | null;
}

/** The top bar: navigation, theme and sign-out. */
export function TopBar({
  panel,
  onPanel,
  needsYou,
  onNotify,
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
            {name === 'sessions' && needsYou !== null ? (
              <span className="badge">{needsYou}</span>
            ) : null}
          </button>
        ))}
      </nav>
      <div className="top-actions">
        {onNotify === null ? null : (
          <button type="button" className="notify" onClick={onNotify}>
            Notify me
          </button>
        )}
        <button
          type="button"
          className="quiet events-toggle"
          aria-pressed={areEventsShown}
          onClick={onEvents}
        >
          Events
        </button>
        <button type="button" className="quiet" onClick={next} title="Theme: system, light or dark">
          Theme: {THEMES[theme]}
        </button>
        <KeyboardHelp />
        {onSignOut === null ? null : (
          <button type="button" className="quiet" onClick={onSignOut}>
            Sign out
          </button>
        )}
      </div>
    </header>
  );
}
