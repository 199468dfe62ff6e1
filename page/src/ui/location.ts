import { useEffect, useState } from 'react';

/** The session id in the address, so that a reload shows the same session. */
export function useSelectedSession(): [string | null, (id: string | null) => void] {
  const [selected, setSelected] = useState(readSelected);
  useEffect(() => {
    const onChange = () => setSelected(readSelected());
    addEventListener('hashchange', onChange);
    return () => removeEventListener('hashchange', onChange);
  }, []);
  const select = (id: string | null) => {
    location.hash = id === null ? '' : new URLSearchParams({ session: id }).toString();
    setSelected(id);
  };
  return [selected, select];
}

function readSelected(): string | null {
  return new URLSearchParams(location.hash.slice(1)).get('session');
}
