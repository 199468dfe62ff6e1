import { useEffect, useRef, useState } from 'react';
import type { Token } from './tokens.js';

/** Longer code is not highlighted, because it would block the browser. */
const MAX_CHARS = 60_000;
/** The pause between two times that streaming code is highlighted, in milliseconds. */
const PAUSE_MS = 200;

type Highlight = (code: string, language: string) => readonly Token[] | null;

let highlightNow: Highlight | null = null;
let loading: Promise<Highlight | null> | null = null;

/** Loads the highlighter with the first code. Code stays plain where that fails. */
function load(): Promise<Highlight | null> {
  loading ??= import('./highlighter.js').then(
    ({ highlight }) => (highlightNow = highlight),
    () => (loading = null),
  );
  return loading;
}

interface Highlighted {
  readonly code: string;
  readonly tokens: readonly Token[];
}

/**
 * Returns the tokens of a code. Of code that is still streaming, the end is plain for a moment.
 */
export function useTokens(code: string, language: string): readonly Token[] {
  const isTooLong = language === '' || code.length > MAX_CHARS;
  const [done, setDone] = useState<Highlighted | null>(() =>
    isTooLong ? null : highlightWith(highlightNow, code, language),
  );
  const latest = useRef(code);
  latest.current = code;
  const isDone = done?.code === code;
  const isDue = !isTooLong && !isDone;
  const isFirst = done === null;
  // The code is no dependency, so that the timer runs on while it streams.
  useEffect(() => {
    if (!isDue) return undefined;
    let isCurrent = true;
    const highlightLatest = async () => {
      const news = highlightWith(await load(), latest.current, language);
      if (isCurrent && news !== null) setDone(news);
    };
    const timer = setTimeout(() => void highlightLatest(), isFirst ? 0 : PAUSE_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [isDue, isFirst, done, language]);

  if (done === null || !code.startsWith(done.code)) return [{ text: code, kind: '' }];
  return isDone ? done.tokens : [...done.tokens, { text: code.slice(done.code.length), kind: '' }];
}

function highlightWith(
  highlight: Highlight | null,
  code: string,
  language: string,
): Highlighted | null {
  const tokens = highlight?.(code, language) ?? null;
  return tokens === null ? null : { code, tokens };
}
