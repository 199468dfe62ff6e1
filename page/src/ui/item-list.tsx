import { type ReactNode, useLayoutEffect, useRef, useState } from 'react';
import type { Item } from '../session/conversation.js';
import { ItemView } from './item-view.js';

/** How many of the last items are drawn at first, and how many more each time one scrolls up. */
const CHUNK = 60;
/** Nearer to an end than this counts as at it. */
const NEAR_PX = 80;

/**
 * The conversation. It stays at its end while things arrive, unless one has scrolled up; then what
 * one reads stays where it is. Older items are drawn when they are scrolled to, so that a long
 * session costs no more than a short one.
 */
export function ItemList({ items, children }: { items: readonly Item[]; children: ReactNode }) {
  const scroller = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const heightBefore = useRef(0);
  /** The first item that is drawn; null at the end, where it moves on with what arrives. */
  const [start, setStart] = useState<number | null>(null);
  const from = start ?? Math.max(0, items.length - CHUNK);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element && isAtEnd.current) element.scrollTop = element.scrollHeight;
  });
  // What is added above must not move what one reads.
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element && heightBefore.current > 0) {
      element.scrollTop += element.scrollHeight - heightBefore.current;
      heightBefore.current = 0;
    }
  }, [start]);
  useFollowSize(scroller, isAtEnd);

  const onScroll = () => {
    const element = scroller.current;
    if (!element) return;
    const below = element.scrollHeight - element.scrollTop - element.clientHeight;
    isAtEnd.current = below < NEAR_PX;
    if (isAtEnd.current) setStart(null);
    else if (element.scrollTop < NEAR_PX && from > 0) {
      if (heightBefore.current > 0) return;
      heightBefore.current = element.scrollHeight;
      setStart(Math.max(0, from - CHUNK));
    } else setStart(from);
  };
  const goToEnd = () => {
    const element = scroller.current;
    if (element) element.scrollTop = element.scrollHeight;
  };

  return (
    <div className="items-frame">
      <div
        className="items"
        ref={scroller}
        onScroll={onScroll}
        role="log"
        aria-live="off"
        aria-label="Conversation"
        tabIndex={0}
      >
        <div className="items-inner">
          {from > 0 ? (
            <p className="item note">{from} earlier entries: scroll up for them</p>
          ) : null}
          {items.slice(from).map((item) => (
            <ItemView key={item.key} item={item} />
          ))}
          {children}
        </div>
      </div>
      {start === null ? null : (
        <button type="button" className="to-end" onClick={goToEnd}>
          ↓ To the end
        </button>
      )}
    </div>
  );
}

/** Cards that open below make the conversation smaller: its end stays in sight. */
function useFollowSize(
  scroller: { readonly current: HTMLDivElement | null },
  isAtEnd: { readonly current: boolean },
): void {
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => {
      if (isAtEnd.current) element.scrollTop = element.scrollHeight;
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [scroller, isAtEnd]);
}
