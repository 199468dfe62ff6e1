import { useEffect, useRef } from 'react';

/** Focuses the message field. */
export function focusComposer(): void {
  // On a touch screen, the keyboard would cover half of the page.
  if (!matchMedia('(hover: hover)').matches) return;
  document.querySelector<HTMLTextAreaElement>('.composer textarea')?.focus();
}

/** Moves the focus to the message field when a card with the focus disappears. */
export function useFocusAfterAnswer(openRequests: number): void {
  const before = useRef(openRequests);
  useEffect(() => {
    if (openRequests < before.current && document.activeElement === document.body) focusComposer();
    before.current = openRequests;
  }, [openRequests]);
}
