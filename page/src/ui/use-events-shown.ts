import { useEffect, useState } from 'react';

/** Where there is room for the events beside the conversation; the same in the style sheet. */
const WIDE = '(width >= 1180px)';

/** Whether the events are shown: at first where there is room, then as one likes. */
export function useEventsShown(): [boolean, (areShown: boolean) => void] {
  const [areShown, setShown] = useState(() => matchMedia(WIDE).matches);
  useEffect(() => {
    const wide = matchMedia(WIDE);
    const onChange = () => setShown(wide.matches);
    wide.addEventListener('change', onChange);
    return () => wide.removeEventListener('change', onChange);
  }, []);
  return [areShown, setShown];
}
