import { type RefObject, useEffect, useRef } from 'react';

/**
 * Confirms the first card of the conversation by Ctrl+Enter, or Cmd+Enter, wherever the focus is. The message field
 * takes the key itself while it has a message.
 *
 * @returns the reference of the card
 */
export function useConfirmKey(confirm: () => void): RefObject<HTMLElement | null> {
  const card = useRef<HTMLElement>(null);
  const latest = useRef(confirm);
  latest.current = confirm;
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const isConfirm = event.key === 'Enter' && (event.ctrlKey || event.metaKey);
      if (!isConfirm || event.defaultPrevented || event.repeat) return;
      if (document.querySelector('dialog[open]')) return;
      if (document.querySelector('.card.permission') !== card.current) return;
      event.preventDefault();
      latest.current();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, []);
  return card;
}
