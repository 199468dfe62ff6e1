import { useEffect, useRef, useState } from 'react';
import type { CreateSession } from '../../../src/agent-webkit/protocol/inbound.js';
import type { AgentApi } from '../client/agent-api.js';
import { explain } from '../client/words.js';
import { ConversationPane } from './conversation-pane.js';
import { EventLog } from './event-log.js';
import { useSelectedSession } from './location.js';
import { NewSession } from './new-session.js';
import { useNotifications } from './notifications.js';
import { SessionList, titleOf } from './session-list.js';
import { withLiveFacts } from './live-facts.js';
import { useTitles } from './titles.js';
import { type Panel, TopBar } from './top-bar.js';
import { useEventsShown } from './use-events-shown.js';
import { useSession } from './use-session.js';
import { useSessions } from './use-sessions.js';

const TITLE = 'Agent sessions';

interface WorkspaceProps {
  api: AgentApi;
  hasToken: boolean;
  onUnauthorized: () => void;
  onSignOut: () => void;
}

/** The three panes: sessions, conversation, events. */
export function Workspace({ api, hasToken, onUnauthorized, onSignOut }: WorkspaceProps) {
  const list = useSessions(api);
  const [selected, select] = useSelectedSession();
  const [panel, setPanel] = useState<Panel>(selected === null ? 'sessions' : 'conversation');
  const [areEventsShown, setEventsShown] = useEventsShown();
  const [fault, setFault] = useState<string | null>(null);
  const dialog = useRef<HTMLDialogElement>(null);
  const session = useSession(api, selected);
  const titles = useTitles(selected, session?.snapshot.conversation ?? null);

  const isUnauthorized = list.isUnauthorized || session?.snapshot.problem?.code === 'unauthorized';
  useEffect(() => {
    if (isUnauthorized) onUnauthorized();
  }, [isUnauthorized, onUnauthorized]);

  const open = (id: string) => {
    select(id);
    setPanel('conversation');
    setFault(null);
  };
  const create = async (wish: CreateSession) => {
    open(await api.create(wish));
    list.refresh();
  };
  const remove = async (id: string) => {
    try {
      await api.delete(id);
      select(null);
      setPanel('sessions');
      list.refresh();
    } catch (error) {
      setFault(explain(error));
    }
  };
  const startNew = () => dialog.current?.showModal();
  const sessions = withLiveFacts(list.sessions ?? [], selected, session?.snapshot ?? null);
  const waiting = sessions.filter(({ state }) => state === 'awaiting');
  const needsYou = waiting.length;
  const notifications = useNotifications(
    waiting.map(({ session_id: id }) => ({ id, title: titleOf(id, titles) })),
    open,
  );
  useEffect(() => {
    document.title = needsYou === 0 ? TITLE : `(${needsYou}) ${TITLE}`;
  }, [needsYou]);

  return (
    <div className="workspace" data-panel={panel} data-events={areEventsShown || undefined}>
      <TopBar
        panel={panel}
        onPanel={setPanel}
        needsYou={needsYou}
        onNotify={notifications.ask}
        areEventsShown={areEventsShown}
        onEvents={() => setEventsShown(!areEventsShown)}
        onSignOut={hasToken ? onSignOut : null}
      />
      <SessionList
        sessions={sessions}
        selected={selected}
        titles={titles}
        now={list.now}
        hasMore={list.hasMore}
        problem={fault ?? list.problem}
        onSelect={open}
        onMore={list.more}
        onNew={startNew}
      />
      {session ? (
        <ConversationPane
          key={session.store.id}
          store={session.store}
          snapshot={session.snapshot}
          title={titleOf(session.store.id, titles)}
          onDelete={() => void remove(session.store.id)}
        />
      ) : (
        <main className="conversation nothing" aria-label="Conversation">
          <h1>No session selected</h1>
          <p className="hint">Select a session, or start a new one.</p>
          <button type="button" className="primary" onClick={startNew}>
            New session
          </button>
        </main>
      )}
      <EventLog
        key={`events-${selected}`}
        rows={session?.snapshot.rows ?? []}
        connection={session?.snapshot.connection ?? { kind: 'connecting' }}
        onCut={() => session?.store.cut()}
      />
      <NewSession dialog={dialog} onCreate={create} />
    </div>
  );
}
