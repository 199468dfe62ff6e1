import type {
  SessionCapabilities,
  SessionInfo,
} from '../../../src/agent-webkit/protocol/answers.js';
import type { SessionSnapshot, SessionStore } from '../client/session-store.js';
import { ConnectionPill } from './connection-pill.js';
import { permittedIn } from '../session/permitted.js';
import { ContextMeter } from './context-meter.js';
import { ExportButtons } from './export-buttons.js';
import { formatCost } from './format.js';
import { MembersDialog } from './members-dialog.js';
import { ModelSettings } from './model-settings.js';
import { offeredModes } from './modes.js';
import { SessionOptions } from './session-options.js';

interface HeadProps {
  store: SessionStore;
  snapshot: SessionSnapshot;
  title: string;
  /** Null until the server has told them. */
  capabilities: SessionCapabilities | null;
  attempt: (action: () => Promise<void>) => void;
  /** Called when the user has changed what the list shows of the session. */
  onChanged: () => void;
  onDelete: () => void;
}

function describe({ model, cwd, sandbox }: SessionInfo): string {
  const walls = sandbox === 'none' ? 'no sandbox' : sandbox && `sandbox ${sandbox}`;
  // The path is the longest part, and the one that is cut off.
  return [model ?? 'default model', walls, cwd].filter(Boolean).join(' · ');
}

/** The head of the conversation: the session, its settings, and the connection. */
export function ConversationHead(props: HeadProps) {
  const { store, snapshot, title, capabilities, attempt, onChanged, onDelete } = props;
  const { info, conversation, connection, problem } = snapshot;
  const isOver = conversation.isClosed || problem !== null;
  const { maySend, mayShare } = permittedIn(info);
  const modes = offeredModes(capabilities?.permission_modes ?? null, info?.permission_mode);
  return (
    <header className="pane-head conversation-head">
      <div className="head-title">
        <h1 title={title}>{title}</h1>
        <p className="hint" title={info === null ? store.id : `${describe(info)} · ${store.id}`}>
          {info === null ? store.id.slice(0, 8) : describe(info)}
        </p>
      </div>
      <span className="cost" title="Cost of this session">
        {formatCost(conversation.costUsd)}
      </span>
      <ContextMeter context={capabilities?.context ?? null} />
      <label className="mode">
        <span className="visually-hidden">Permission mode</span>
        <select
          value={info?.permission_mode ?? ''}
          disabled={info === null || isOver || !maySend}
          onChange={(event) => attempt(() => store.setMode(event.target.value))}
        >
          {info === null ? <option value="">…</option> : null}
          {modes.map(([mode, name]) => (
            <option key={mode} value={mode}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {isOver ? null : <ConnectionPill connection={connection} />}
      {info === null || isOver ? null : (
        <MembersDialog
          info={info}
          onChange={mayShare ? (members, shown) => store.setMembers(members, shown) : null}
        />
      )}
      <SessionOptions
        info={info}
        title={title}
        isOver={isOver}
        onChange={
          maySend
            ? async (change) => {
                await store.change(change);
                onChanged();
              }
            : null
        }
        onDelete={mayShare ? onDelete : null}
      >
        <ExportButtons id={store.id} title={title} snapshot={snapshot} />
        {info === null || !maySend ? null : (
          <ModelSettings
            info={info}
            capabilities={capabilities}
            onChange={(setting) => attempt(() => store.set(setting))}
          />
        )}
      </SessionOptions>
    </header>
  );
}
