import { type FormEvent, useState } from 'react';
import type { SessionStore } from '../client/session-store.js';
import type { QueuedMessage } from '../session/conversation.js';
import { focusComposer } from './focus.js';
import { useReply } from './use-reply.js';
import { shorten } from './waiting.js';

interface RowProps {
  message: QueuedMessage;
  store: SessionStore;
  isReader: boolean;
}

/** A queued message. It can be edited and withdrawn until the agent has it. */
export function QueuedRow({ message, store, isReader }: RowProps) {
  const { messageId, content } = message;
  const [isEditing, setEditing] = useState(false);
  const { send, problem } = useReply();
  const save = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const text = (new FormData(event.currentTarget).get('text') as string).trim();
    if (text === '') return;
    void send(async () => {
      await store.api.editQueued(store.id, messageId, text);
      setEditing(false);
      focusComposer();
    });
  };
  const withdraw = () =>
    send(async () => {
      await store.api.withdrawQueued(store.id, messageId);
      focusComposer();
    });
  return (
    <li>
      <span className="waiting-state">Queued</span>
      {isEditing && typeof content === 'string' ? (
        <form className="waiting-edit" onSubmit={save}>
          <textarea name="text" aria-label="Queued message" rows={2} defaultValue={content} />
          <button type="submit" className="primary">
            Save
          </button>
          <button type="button" className="quiet" onClick={() => setEditing(false)}>
            Cancel
          </button>
        </form>
      ) : (
        <>
          <span className="waiting-text">{shorten(content)}</span>
          {typeof content === 'string' && !isReader ? (
            <button type="button" className="quiet" onClick={() => setEditing(true)}>
              Edit
            </button>
          ) : null}
          {isReader ? null : (
            <button type="button" className="quiet" onClick={() => void withdraw()}>
              Withdraw
            </button>
          )}
        </>
      )}
      {problem === null ? null : (
        <span className="waiting-problem" role="alert">
          {problem}
        </span>
      )}
    </li>
  );
}
