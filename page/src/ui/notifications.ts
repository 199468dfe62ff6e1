import { useEffect, useRef, useState } from 'react';

/** A session that waits for the user. */
export interface Waiting {
  readonly id: string;
  readonly title: string;
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
 * Notifies the user of each session that begins to wait while the page is in the background.
 *
 * @param onOpen called with the session when the user clicks a notification
 */
export function useNotifications(
  waiting: readonly Waiting[],
  onOpen: (id: string) => void,
): Notifications {
  const known = useRef<ReadonlySet<string>>(new Set());
  const [, setAsked] = useState(0);
  useEffect(() => {
    const isNew = waiting.filter(({ id }) => !known.current.has(id));
    known.current = new Set(waiting.map(({ id }) => id));
    if (!document.hidden || !areNotificationsOn()) return;
    for (const session of isNew) notify(session, onOpen);
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

function notify({ id, title }: Waiting, onOpen: (id: string) => void): void {
  try {
    const shown = new Notification('The agent needs you', { body: title, tag: id });
    shown.addEventListener('click', () => {
      window.focus();
      onOpen(id);
      shown.close();
    });
  } catch {
    // Chrome on Android shows notifications of service workers only.
  }
}
