import type { RefObject } from 'react';

interface DeleteProps {
  dialog: RefObject<HTMLDialogElement | null>;
  onDelete: () => void;
}

/** Asks whether to delete the session. */
export function DeleteDialog({ dialog, onDelete }: DeleteProps) {
  return (
    <dialog ref={dialog} aria-label="Delete this session?">
      <h2>Delete this session?</h2>
      <p>This stops the agent and deletes the conversation for all users. It cannot be undone.</p>
      <div className="actions">
        <button
          type="button"
          className="danger"
          onClick={() => {
            dialog.current?.close();
            onDelete();
          }}
        >
          Delete
        </button>
        <button type="button" className="quiet" onClick={() => dialog.current?.close()}>
          Cancel
        </button>
      </div>
    </dialog>
  );
}
