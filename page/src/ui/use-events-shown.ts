import { useEffect, useState } from 'react';

/** The width at which the events fit beside the conversation; the same as in the style sheet. */
const WIDE = '(width >= 1180px)';

/** Returns true while the events are shown: initially if there is room, later as the user chooses. */
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
