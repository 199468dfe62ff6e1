import { useEffect, useRef, useState } from 'react';
import type { ListedRequest } from '../../../src/agent-webkit/protocol/answers.js';
import type { CreateSession } from '../../../src/agent-webkit/protocol/inbound.js';
import type { AgentApi } from '../client/agent-api.js';
import { explain } from '../client/words.js';
import { Boundary } from './boundary.js';
import { ConversationPane } from './conversation-pane.js';
import { EventLog } from './event-log.js';
import { countOf, describeRequest, Inbox } from './inbox.js';
import { useSelectedSession } from './location.js';
import { NewSession } from './new-session.js';
import { useNotifications } from './notifications.js';
import { withoutInbox } from './session-groups.js';
import { SessionList } from './session-list.js';
import { withLiveFacts } from './live-facts.js';
import { titleOf, useTitles } from './titles.js';
import { type Panel, TopBar } from './top-bar.js';
import { useEventsShown } from './use-events-shown.js';
import { useListFilter } from './use-list-filter.js';
import { useNow } from './use-now.js';
import { useRequests } from './use-requests.js';
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
  const [search, filter] = useListFilter();
  const list = useSessions(api, filter);
  const now = useNow();
  const [selected, select] = useSelectedSession();
  const [panel, setPanel] = useState<Panel>(selected === null ? 'sessions' : 'conversation');
  const [areEventsShown, setEventsShown] = useEventsShown();
  const [fault, setFault] = useState<string | null>(null);
  /** The id of the request that the user wants to see. */
  const [wanted, setWanted] = useState<string | null>(null);
  const dialog = useRef<HTMLDialogElement>(null);
  const session = useSession(api, selected);
  const open = useRequests(api, selected, session?.snapshot ?? null);

  const isUnauthorized = list.isUnauthorized || session?.snapshot.problem?.code === 'unauthorized';
  useEffect(() => {
    if (isUnauthorized) onUnauthorized();
  }, [isUnauthorized, onUnauthorized]);

  const show = (id: string, request: string | null = null) => {
    select(id);
    setWanted(request);
    setPanel('conversation');
    setFault(null);
  };
  const showRequest = ({ session_id, correlation_id }: ListedRequest) =>
    show(session_id, correlation_id);
  const create = async (wish: CreateSession) => {
    show(await api.create(wish));
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
  const titles = useTitles(sessions, selected, session?.snapshot ?? null);
  const needsYou = open.requests.length === 0 ? null : countOf(open);
  const notifications = useNotifications(
    open.requests.map((request) => ({
      id: `${request.session_id} ${request.correlation_id}`,
      text: `${titleOf(request.session_id, titles)}\n${describeRequest(request)}`,
      open: () => showRequest(request),
    })),
  );
  useEffect(() => {
    document.title = needsYou === null ? TITLE : `(${needsYou}) ${TITLE}`;
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
        sessions={withoutInbox(sessions, open.requests, search.text !== '')}
        search={search}
        isEmpty={list.sessions?.length === 0}
        selected={selected}
        titles={titles}
        now={now}
        hasMore={list.hasMore}
        problem={fault ?? list.problem}
        onSelect={(id) => show(id)}
        onMore={list.more}
        onNew={startNew}
      >
        <Inbox {...open} selected={selected} titles={titles} now={now} onOpen={showRequest} />
      </SessionList>
      {session ? (
        <ConversationPane
          key={session.store.id}
          store={session.store}
          snapshot={session.snapshot}
          title={titleOf(session.store.id, titles)}
          wanted={wanted}
          onShown={() => setWanted(null)}
          onChanged={list.refresh}
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
      <Boundary of={session?.snapshot.rows}>
        <EventLog
          key={`events-${selected}`}
          rows={session?.snapshot.rows ?? []}
          connection={session?.snapshot.connection ?? { kind: 'connecting' }}
          onCut={() => session?.store.cut()}
        />
      </Boundary>
      <NewSession api={api} dialog={dialog} onCreate={create} />
    </div>
  );
}
