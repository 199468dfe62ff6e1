import { type RefObject, useEffect, useRef } from 'react';

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

/**
 * Scrolls to the card of a request and focuses it, as soon as the conversation has it.
 *
 * @returns the reference of the element with the cards
 */
export function useWantedCard(
  wanted: string | null,
  openRequests: number,
  onShown: () => void,
): RefObject<HTMLDivElement | null> {
  const cards = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (wanted === null) return;
    const all = cards.current?.querySelectorAll<HTMLElement>('[data-request]') ?? [];
    const card = [...all].find(({ dataset }) => dataset['request'] === wanted);
    if (!card) return;
    card.scrollIntoView({ block: 'nearest' });
    // A card that has keys takes the focus itself.
    (card.querySelector<HTMLElement>('.card[tabindex]') ?? card).focus();
    onShown();
  }, [wanted, openRequests, onShown]);
  return cards;
}
