import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from 'react';

/** The number of extra rows beyond each edge, so that scrolling shows no gap. */
const MARGIN = 12;

interface RowWindow {
  scroller: RefObject<HTMLDivElement | null>;
  /** The rows to draw: from `from`, up to but not including `to`. */
  from: number;
  to: number;
  onScroll: () => void;
  reveal: (index: number) => void;
}

/** Returns the visible range of many rows of equal height. Stays at the end unless the user has scrolled up. */
export function useRowWindow(count: number, rowPx: number): RowWindow {
  const scroller = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const [view, setView] = useState({ top: 0, height: 800 });

  const onScroll = useCallback(() => {
    const element = scroller.current;
    if (!element) return;
    const { scrollTop: top, clientHeight: height, scrollHeight } = element;
    isAtEnd.current = scrollHeight - top - height < rowPx * 2;
    setView((before) =>
      before.top === top && before.height === height ? before : { top, height },
    );
  }, [rowPx]);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element && isAtEnd.current) element.scrollTop = element.scrollHeight;
    onScroll();
  }, [count, onScroll]);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => {
      if (isAtEnd.current) element.scrollTop = element.scrollHeight;
      onScroll();
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [onScroll]);

  const reveal = (index: number) => {
    const element = scroller.current;
    if (!element) return;
    const top = index * rowPx;
    if (top < element.scrollTop) element.scrollTop = top;
    const bottom = top + rowPx - element.clientHeight;
    if (bottom > element.scrollTop) element.scrollTop = bottom;
  };
  const first = Math.floor(view.top / rowPx);
  return {
    scroller,
    from: Math.max(0, Math.min(first, count) - MARGIN),
    to: Math.min(count, first + Math.ceil(view.height / rowPx) + MARGIN),
    onScroll,
    reveal,
  };
}
