import { useEffect, useState } from 'react';
import type { OfferedCommand } from '../../../src/agent-webkit/protocol/answers.js';
import type { SessionSnapshot, SessionStore } from '../client/session-store.js';
import { explain } from '../client/words.js';
import { permittedIn } from '../session/permitted.js';
import { Announcer } from './announcer.js';
import { Boundary } from './boundary.js';
import { Composer } from './composer.js';
import { ConversationHead } from './conversation-head.js';
import { ItemList } from './item-list.js';
import { LiveLine } from './live-line.js';
import { RequestCard } from './request-card.js';
import { useFocusAfterAnswer, useWantedCard } from './focus.js';
import { useCapabilities } from './use-capabilities.js';
import { ComponentsContext, useComponents } from './use-components.js';
import { useInterruptKey } from './interrupt-key.js';
import { Tasks } from './tasks.js';
import { UnanswerableCard } from './unanswerable-card.js';
import { ReplaceContext } from './user-message.js';
import { Waiting } from './waiting.js';

const NO_COMMANDS: readonly OfferedCommand[] = [];

interface PaneProps {
  store: SessionStore;
  snapshot: SessionSnapshot;
  title: string;
  /** The id of the request that the user wants to see. */
  wanted: string | null;
  /** Called when it is shown. */
  onShown: () => void;
  /** Called when the user has changed what the list shows of the session. */
  onChanged: () => void;
  onDelete: () => void;
}

/** The conversation with its pending requests and the composer. */
export function ConversationPane(props: PaneProps) {
  const { store, snapshot, title, wanted, onShown, onChanged, onDelete } = props;
  const { conversation, outbox, connection, problem, info } = snapshot;
  const { maySend, mayAnswer } = permittedIn(info);
  const { items, requests, queue, isRunning, isClosed, lacksBeginning } = conversation;
  const waiting = queue.length + outbox.length;
  const isIdle = !isRunning && !isClosed && waiting === 0 && problem === null;
  const [fault, setFault] = useState<string | null>(null);
  const attempt = (action: () => Promise<void>) => {
    setFault(null);
    action().catch((error: unknown) => setFault(explain(error)));
  };
  const interrupt = () => attempt(() => store.interrupt());
  const isInterruptArmed = useInterruptKey(isRunning && maySend, interrupt);
  const capabilities = useCapabilities(store, isRunning, isClosed || problem !== null);
  const components = useComponents(store.api, connection.kind === 'open');
  useEffect(() => setFault(null), [connection.kind]);
  useFocusAfterAnswer(requests.length);
  const cards = useWantedCard(wanted, requests.length, onShown);

  return (
    <main className="conversation" aria-label="Conversation">
      <ConversationHead
        store={store}
        snapshot={snapshot}
        title={title}
        capabilities={capabilities}
        attempt={attempt}
        onChanged={onChanged}
        onDelete={onDelete}
      />
      {connection.kind === 'lost' && connection.attempts > 1 && problem === null ? (
        <p className="banner" role="status">
          The server does not respond. The page keeps trying to reconnect.
        </p>
      ) : null}
      {problem === null ? null : (
        <p className="banner fault" role="alert">
          {problem.text}
        </p>
      )}
      <ComponentsContext value={components}>
        <ReplaceContext value={isIdle && maySend ? store : null}>
          <ItemList items={items}>
            {lacksBeginning ? <BeginningNote isAlone={items.length === 0} /> : null}
            {items.length === 0 && waiting === 0 && problem === null ? (
              <Welcome isReader={!maySend} />
            ) : null}
          </ItemList>
        </ReplaceContext>
      </ComponentsContext>
      <div className="dock">
        {problem === null ? <LiveLine conversation={conversation} store={store} /> : null}
        {requests.length === 0 ? null : (
          <div className="cards" ref={cards}>
            {requests.map((request) => (
              <div key={request.correlation_id} data-request={request.correlation_id} tabIndex={-1}>
                <Boundary of={request}>
                  {mayAnswer ? (
                    <RequestCard request={request} store={store} />
                  ) : (
                    <UnanswerableCard request={request} />
                  )}
                </Boundary>
              </div>
            ))}
          </div>
        )}
        <Tasks
          tasks={conversation.tasks}
          onStop={maySend ? (id) => attempt(() => store.stopTask(id)) : null}
        />
        <Waiting queue={queue} outbox={outbox} store={store} isReader={!maySend} />
        {fault === null ? null : (
          <p className="problem" role="alert">
            {fault}
          </p>
        )}
        {maySend ? (
          <Composer
            sessionId={store.id}
            commands={capabilities?.commands ?? NO_COMMANDS}
            isRunning={isRunning}
            isClosed={isClosed || problem?.code === 'session_not_found'}
            isInterruptArmed={isInterruptArmed}
            onSay={(content, delivery) => void store.say(content, delivery)}
            onInterrupt={interrupt}
          />
        ) : (
          <p className="composer-closed">
            You can read this session. Its owner decides who can write.
          </p>
        )}
      </div>
      <Announcer conversation={conversation} />
    </main>
  );
}

function Welcome({ isReader }: { isReader: boolean }) {
  return (
    <div className="welcome">
      <p>No messages yet.</p>
      {isReader ? null : <p className="hint">Write a message below.</p>}
    </div>
  );
}

function BeginningNote({ isAlone }: { isAlone: boolean }) {
  return isAlone ? (
    <p className="item note">The beginning of this session is no longer stored on the server.</p>
  ) : null;
}
