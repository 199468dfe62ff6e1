/** The type of the message that announces a request to the server that is to handle it. */
export const MAIL = 'mail';
/** The type of the message that announces a reply to the server that waits for it. */
export const REPLY = 'reply';

/** Returns such a message as text. Everything else about the request or the reply is in the storage. */
export function announcement(type: typeof MAIL | typeof REPLY): string {
  return JSON.stringify({ t: type });
}
