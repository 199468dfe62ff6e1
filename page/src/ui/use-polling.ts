import { useEffect } from 'react';
import { areNotificationsOn } from './notifications.js';

/** The interval at which the server is polled: it does not announce the changes of all sessions. */
const POLL_MS = 4_000;

/** Calls `refresh` now, and regularly while the page is visible, or notifies the user. */
export function usePolling(refresh: () => Promise<void>): void {
  useEffect(() => {
    void refresh();
    const look = () => {
      if (document.visibilityState === 'visible' || areNotificationsOn()) void refresh();
    };
    const timer = setInterval(look, POLL_MS);
    document.addEventListener('visibilitychange', look);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', look);
    };
  }, [refresh]);
}
