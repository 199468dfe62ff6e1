import { readDraft, writeDraft } from './drafts.js';

const TOKEN_KEY = 'agent-webkit:token';

/**
 * Reads the token of this tab from the link that opened it, and stores it until the tab is closed. The
 * fragment is removed from the address bar and the history, so that it is not shared by accident.
 */
export function takeToken(): string | null {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const token = fragment.get('token');
  if (token === null) return recall(TOKEN_KEY);
  fragment.delete('token');
  const rest = fragment.toString();
  const path = location.pathname + location.search;
  history.replaceState(null, '', rest === '' ? path : `${path}#${rest}`);
  remember(TOKEN_KEY, token);
  return token;
}

export function keepToken(token: string | null): void {
  remember(TOKEN_KEY, token);
}

/** Returns a value that this tab keeps across reloads. */
export function recall(key: string): string | null {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null; // the browser keeps nothing
  }
}

export function remember(key: string, value: string | null): void {
  try {
    if (value === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, value);
  } catch {
    // the browser's storage is disabled or full: the tab works without it
  }
}

/** Returns the unsent message of a session, which this tab keeps across reloads. */
export function recallDraft(sessionId: string): string {
  try {
    return readDraft(sessionStorage, sessionId);
  } catch {
    return ''; // the browser keeps nothing
  }
}

export function rememberDraft(sessionId: string, text: string): void {
  try {
    writeDraft(sessionStorage, sessionId, text);
  } catch {
    // as in `remember`
  }
}

/** Deletes all stored data of the signed-in user. */
export function forgetAll(): void {
  try {
    sessionStorage.clear();
  } catch {
    // the browser's storage is disabled
  }
}

/** Returns the path of `/sessions`, which the server wrote into the page. */
export function apiBase(): string {
  const meta = document.querySelector<HTMLMetaElement>('meta[name="agent-webkit-api"]');
  return new URL(meta?.content ?? './', location.href).href;
}
