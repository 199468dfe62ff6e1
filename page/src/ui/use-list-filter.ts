import { useEffect, useState } from 'react';
import type { ListFilter } from '../client/agent-api.js';

/** The time without a key after which the server is asked, in milliseconds. */
const PAUSE_MS = 200;

export interface ListSearch {
  /** The text in the search field. */
  readonly text: string;
  readonly isArchiveShown: boolean;
  readonly type: (text: string) => void;
  readonly showArchive: (isShown: boolean) => void;
}

/** Returns the search of the list, and the filter for the server, which follows it after a pause. */
export function useListFilter(): readonly [search: ListSearch, filter: ListFilter] {
  const [text, type] = useState('');
  const [isArchiveShown, showArchive] = useState(false);
  const [q, setQuery] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setQuery(text.trim()), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return [
    { text, isArchiveShown, type, showArchive },
    { q, archived: isArchiveShown },
  ];
}
