import type { UserContent } from '../../../src/agent-webkit/protocol/events.js';
import type { SessionStore } from '../client/session-store.js';
import type { QueuedMessage } from '../session/conversation.js';
import type { Outgoing } from '../session/outbox.js';
import { QueuedRow } from './queued-row.js';

interface WaitingProps {
  queue: readonly QueuedMessage[];
  outbox: readonly Outgoing[];
  store: SessionStore;
  /** True for a user who may not change the queue. */
  isReader: boolean;
}

/** The queued messages, and those that are being sent or could not be sent. */
export function Waiting({ queue, outbox, store, isReader }: WaitingProps) {
  if (queue.length === 0 && outbox.length === 0) return null;
  return (
    <ol className="waiting" aria-label="Queued messages">
      {queue.map((message) => (
        <QueuedRow key={message.messageId} message={message} store={store} isReader={isReader} />
      ))}
      {outbox.map(({ messageId, content, delivery, problem }) => (
        <li key={messageId} data-failed={problem === null ? undefined : true}>
          <span className="waiting-state">{problem === null ? 'Sending' : 'Not sent'}</span>
          <span className="waiting-text">{shorten(content)}</span>
          {problem === null ? null : (
            <>
              <span className="waiting-problem" role="alert">
                {problem}
              </span>
              <button type="button" onClick={() => void store.say(content, delivery, messageId)}>
                Send again
              </button>
              <button type="button" className="quiet" onClick={() => store.discard(messageId)}>
                Discard
              </button>
            </>
          )}
        </li>
      ))}
    </ol>
  );
}

/** Returns a message as one line. */
export function shorten(content: UserContent): string {
  const text =
    typeof content === 'string'
      ? content
      : content.map((block) => (block.type === 'text' ? block.text : '[image]')).join(' ');
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
