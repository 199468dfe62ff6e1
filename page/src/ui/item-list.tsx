import { type ReactNode, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { Item } from '../session/conversation.js';
import { ItemView } from './item-view.js';
import { separate, ThreadsContext } from './threads.js';

/** The number of items that are drawn at first, and that are added each time the user scrolls up. */
const CHUNK = 60;
/** The distance in pixels within which the list counts as scrolled to an end. */
const NEAR_PX = 80;

/**
 * The items of the conversation. The list stays at its end while items arrive, unless the user has
 * scrolled up; then the visible items stay in place. Older items are drawn only when the user scrolls
 * to them, so that a long session costs no more than a short one.
 */
export function ItemList({
  items: all,
  children,
}: {
  items: readonly Item[];
  children: ReactNode;
}) {
  const { top: items, threads } = useMemo(() => separate(all), [all]);
  const scroller = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const heightBefore = useRef(0);
  /** The index of the first drawn item; null while the list is at its end and follows new items. */
  const [start, setStart] = useState<number | null>(null);
  const from = start ?? Math.max(0, items.length - CHUNK);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element && isAtEnd.current) element.scrollTop = element.scrollHeight;
  });
  // Items that are added above must not move the visible ones.
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
            <p className="item note">{from} earlier entries. Scroll up to see them.</p>
          ) : null}
          <ThreadsContext value={threads}>
            {items.slice(from).map((item) =>
              item.isReplaced ? (
                <div key={item.key} className="replaced">
                  <ItemView item={item} />
                </div>
              ) : (
                <ItemView key={item.key} item={item} />
              ),
            )}
          </ThreadsContext>
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

/** Keeps the end visible when a card below makes the conversation smaller. */
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
