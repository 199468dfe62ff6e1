import { useEffect, useRef } from 'react';

const SHORTCUTS: readonly (readonly [keys: string, meaning: string])[] = [
  ['Enter', 'Send the message'],
  ['Shift Enter', 'New line'],
  ['Ctrl Enter', 'Send the message now, into the running turn'],
  ['Ctrl Enter', 'Without a message: allow the first open request'],
  ['Tab', 'Take the selected slash command'],
  ['Esc Esc', 'Stop the agent'],
  ['?', 'Show this list, unless you write'],
];

/** The button and the key `?` that show the keyboard shortcuts. */
export function KeyboardHelp() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== '?' || event.defaultPrevented || isWriting(event.target)) return;
      if (document.querySelector('dialog[open]')) return;
      event.preventDefault();
      dialog.current?.showModal();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, []);
  return (
    <>
      <button
        type="button"
        className="quiet keyboard-help"
        aria-haspopup="dialog"
        onClick={() => dialog.current?.showModal()}
      >
        Shortcuts
      </button>
      <dialog ref={dialog} aria-label="Keyboard shortcuts">
        <h2>Keyboard shortcuts</h2>
        <dl className="shortcuts">
          {SHORTCUTS.map(([keys, meaning]) => (
            <div key={meaning}>
              <dt>
                {keys.split(' ').map((key, at) => (
                  <kbd key={at}>{key}</kbd>
                ))}
              </dt>
              <dd>{meaning}</dd>
            </div>
          ))}
        </dl>
        <p className="hint">On a Mac, Cmd works like Ctrl.</p>
        <div className="actions">
          <button type="button" className="primary" onClick={() => dialog.current?.close()}>
            Close
          </button>
        </div>
      </dialog>
    </>
  );
}

function isWriting(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input, textarea, select') !== null;
}
