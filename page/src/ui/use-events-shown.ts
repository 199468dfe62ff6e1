import { useState } from 'react';
import { recall, remember } from '../client/access.js';

const KEY = 'agent-webkit:events';

/** Returns true while the events are shown. They are not at first, and then as the user chooses. */
export function useEventsShown(): [boolean, (areShown: boolean) => void] {
  const [areShown, setShown] = useState(() => recall(KEY) === 'shown');
  const show = (value: boolean) => {
    setShown(value);
    remember(KEY, value ? 'shown' : null);
  };
  return [areShown, show];
}
