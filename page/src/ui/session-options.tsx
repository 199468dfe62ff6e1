import { type FormEvent, type ReactNode, useRef } from 'react';
import type { ChangeSession } from '../../../src/agent-webkit/protocol/inbound.js';
import type { SessionInfo } from '../../../src/agent-webkit/protocol/answers.js';
import { DeleteDialog } from './delete-dialog.js';
import { useReply } from './use-reply.js';

const MAX_TITLE_CHARS = 200;

interface OptionsProps {
  /** Null until the server has described the session. */
  info: SessionInfo | null;
  title: string;
  isOver: boolean;
  /** Null for a user who may not change the session. */
  onChange: ((change: ChangeSession) => Promise<void>) | null;
  /** Null for a user who may not delete the session. */
  onDelete: (() => void) | null;
  /** Further settings, above the buttons. */
  children: ReactNode;
}

/** Renames, archives and deletes a session. */
export function SessionOptions(props: OptionsProps) {
  const { info, title, isOver, onChange, onDelete, children } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const confirmation = useRef<HTMLDialogElement>(null);
  const { send, problem } = useReply();
  const change = (wish: ChangeSession) =>
    send(async () => {
      await onChange?.(wish);
      dialog.current?.close();
    });
  const rename = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = (new FormData(event.currentTarget).get('title') as string).trim();
    void change({ title: given === '' ? null : given });
  };
  return (
    <>
      <button
        type="button"
        className="quiet"
        aria-haspopup="dialog"
        disabled={isOver || info === null}
        onClick={() => dialog.current?.showModal()}
      >
        Options
      </button>
      <dialog ref={dialog} aria-label="Options of this session">
        <form onSubmit={rename}>
          <h2>Options of this session</h2>
          {onChange === null ? null : (
            <>
              <label className="field">
                Title
                <input
                  key={title}
                  name="title"
                  defaultValue={title}
                  maxLength={MAX_TITLE_CHARS}
                  autoComplete="off"
                />
              </label>
              <p className="hint">Without a title, the session has that of its first message.</p>
            </>
          )}
          {children}
          {problem === null ? null : (
            <p className="problem" role="alert">
              {problem}
            </p>
          )}
          <div className="actions">
            {onChange === null ? null : (
              <>
                <button type="submit" className="primary">
                  Save title
                </button>
                <button
                  type="button"
                  onClick={() => void change({ archived: !(info?.archived ?? false) })}
                >
                  {info?.archived ? 'Move out of the archive' : 'Archive'}
                </button>
              </>
            )}
            {onDelete === null ? null : (
              <button
                type="button"
                className="danger"
                onClick={() => {
                  dialog.current?.close();
                  confirmation.current?.showModal();
                }}
              >
                Delete
              </button>
            )}
            <button type="button" className="quiet" onClick={() => dialog.current?.close()}>
              Cancel
            </button>
          </div>
        </form>
      </dialog>
      {onDelete === null ? null : <DeleteDialog dialog={confirmation} onDelete={onDelete} />}
    </>
  );
}
