import { useEffect, useState } from 'react';
import { copyText } from './copy-text.js';

/** How long the button shows that it has copied, in milliseconds. */
const SHOWN_MS = 2000;

const LABELS = { ready: 'Copy', copied: 'Copied', failed: 'Not copied' } as const;

/** A button that copies a text, and shows for a moment that it has. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [state, setState] = useState<keyof typeof LABELS>('ready');
  useEffect(() => {
    if (state === 'ready') return undefined;
    const timer = setTimeout(() => setState('ready'), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = async () => setState((await copyText(text)) ? 'copied' : 'failed');
  return (
    <button type="button" className="quiet copy" onClick={() => void copy()}>
      {LABELS[state]}
      {state === 'ready' ? <span className="visually-hidden"> {what}</span> : null}
    </button>
  );
}
