import { useEffect, useRef, useState } from 'react';

/** An open request of any session. */
export interface Waiting {
  /** Identifies the request among those of all sessions. */
  readonly id: string;
  readonly text: string;
  /** Shows the request. */
  readonly open: () => void;
}

interface Notifications {
  /** Asks the user to permit notifications; null when there is no reason to, or the user has decided. */
  ask: (() => void) | null;
}

/** True when the browser shows notifications of this page. Only pages by HTTPS or on loopback may have them. */
export function areNotificationsOn(): boolean {
  return permission() === 'granted';
}

/**
 * Notifies the user of each request, of any session, that is opened while the page is in the background. A click on
 * the notification shows it.
 */
export function useNotifications(waiting: readonly Waiting[]): Notifications {
  const known = useRef<ReadonlySet<string>>(new Set());
  const [, setAsked] = useState(0);
  useEffect(() => {
    const isNew = waiting.filter(({ id }) => !known.current.has(id));
    known.current = new Set(waiting.map(({ id }) => id));
    if (!document.hidden || !areNotificationsOn()) return;
    for (const request of isNew) notify(request);
  });
  const ask = async () => {
    await Notification.requestPermission();
    setAsked((times) => times + 1); // the decision is the browser's
  };
  const isOffered = waiting.length > 0 && permission() === 'default';
  return { ask: isOffered ? () => void ask() : null };
}

function permission(): NotificationPermission | null {
  return 'Notification' in window ? Notification.permission : null;
}

function notify({ id, text, open }: Waiting): void {
  try {
    const shown = new Notification('The agent needs you', { body: text, tag: id });
    shown.addEventListener('click', () => {
      window.focus();
      open();
      shown.close();
    });
  } catch {
    // Chrome on Android shows notifications of service workers only.
  }
}
