import { useEffect, useRef } from 'react';

/** The field one writes in. */
export function focusComposer(): void {
  // A touch screen would cover half of the page with its keyboard.
  if (!matchMedia('(hover: hover)').matches) return;
  document.querySelector<HTMLTextAreaElement>('.composer textarea')?.focus();
}

/** A card that goes takes the focus with it; then it goes to where one writes. */
export function useFocusAfterAnswer(openRequests: number): void {
  const before = useRef(openRequests);
  useEffect(() => {
    if (openRequests < before.current && document.activeElement === document.body) focusComposer();
    before.current = openRequests;
  }, [openRequests]);
}
