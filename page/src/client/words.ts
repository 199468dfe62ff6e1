import { TransportError } from '@agent-webkit/core';

/** A request that the server rejected. The message is for people. */
export class Refusal extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code: string,
  ) {
    super(message);
    this.name = 'Refusal';
  }
}

/** Returns a message for the user: the problem, and what to do about it. */
export function explain(error: unknown): string {
  const refusal = toRefusal(error);
  if (refusal === null) return 'Cannot reach the server. Check that it is running.';
  switch (refusal.code) {
    case 'unauthorized':
      return 'This token is not valid. Sign in with a valid token.';
    case 'session_not_found':
      return 'Session not found. It was deleted, or it belongs to another user.';
    case 'no_pending_request':
      return 'This request was already answered.';
    case 'input_changed':
      return 'The agent has changed this request. Reload the page and look at it again.';
    case 'members_changed':
      return 'The members were changed meanwhile, such as in another tab. The list shows the present ones. Make your change again.';
    case 'no_running_task':
      return 'This task has already ended.';
    case 'backpressure':
      return 'The message queue is full. Wait until some messages are answered.';
    case 'shutting_down':
      return 'The server is shutting down. Try again when it is back.';
    case 'server_overloaded':
      return 'The server has too many open connections. Try again in a moment.';
    case 'storage_unavailable':
      return 'The server’s storage does not respond. Try again in a moment.';
    case 'payload_too_large':
      return 'The message is too large. Send a shorter text or a smaller image.';
    default:
      return refusal.message;
  }
}

/** Returns the server's rejection; null when there was no response. */
export function toRefusal(error: unknown): Refusal | null {
  if (error instanceof Refusal) return error;
  if (!(error instanceof TransportError) || error.status === undefined) return null;
  return readRefusal(error.status, error.body ?? '');
}

export function readRefusal(status: number, body: string): Refusal {
  const said = parse(body);
  const message = typeof said['message'] === 'string' ? said['message'] : '';
  const code = typeof said['code'] === 'string' ? said['code'] : (CODES[status] ?? '');
  return new Refusal(message || `The server responded with status ${status}.`, status, code);
}

/** The code by status, for a response without a body of the server, for example from a proxy. */
const CODES: Readonly<Record<number, string>> = {
  401: 'unauthorized',
  404: 'session_not_found',
  409: 'no_pending_request',
  412: 'cursor_evicted',
  413: 'payload_too_large',
};

function parse(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {}; // the response is not from the server itself
  }
}
