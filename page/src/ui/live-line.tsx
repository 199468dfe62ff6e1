import { useEffect, useState } from 'react';
import type { SessionStore } from '../client/session-store.js';
import type { Conversation } from '../session/conversation.js';
import { activityWords } from './activity-words.js';

/** One line about the present work or wait of the agent, with its duration. */
export function LiveLine({
  conversation,
  store,
}: {
  conversation: Conversation;
  store: SessionStore;
}) {
  const words = activityWords(conversation, store.serverNow());
  useTicks(words !== null);
  if (words === null) return null;
  return (
    <p className="live" data-waiting={conversation.requests.length > 0 || undefined}>
      <span className="live-dot" aria-hidden="true" />
      <span className="live-words" title={words}>
        {words}
      </span>
    </p>
  );
}

/** Renders again each second. */
function useTicks(isOn: boolean): void {
  const [, setTick] = useState(0);
  useEffect(() => {
    if (!isOn) return undefined;
    const timer = setInterval(() => setTick((tick) => tick + 1), 1000);
    return () => clearInterval(timer);
  }, [isOn]);
}
