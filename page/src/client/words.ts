import { TransportError } from '@agent-webkit/core';

/** The server refused; what it said is for people. */
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

/** What went wrong, in words that say what to do. */
export function explain(error: unknown): string {
  const refusal = toRefusal(error);
  if (refusal === null) return 'The server cannot be reached. Is it running?';
  switch (refusal.code) {
    case 'unauthorized':
      return 'The server does not know this token. Sign in with one it knows.';
    case 'session_not_found':
      return 'This session is not there: it was deleted, or it is not yours.';
    case 'no_pending_request':
      return 'Somebody else answered first.';
    case 'backpressure':
      return 'Too many messages wait already. Let some of them be answered first.';
    case 'shutting_down':
      return 'The server is going down. Try again when it is back.';
    case 'storage_unavailable':
      return 'The server’s storage does not answer. Try again in a moment.';
    case 'payload_too_large':
      return 'That is more than the server takes. Send less, or a smaller image.';
    default:
      return refusal.message;
  }
}

/** What the server answered; null where there was no answer. */
export function toRefusal(error: unknown): Refusal | null {
  if (error instanceof Refusal) return error;
  if (!(error instanceof TransportError) || error.status === undefined) return null;
  return readRefusal(error.status, error.body ?? '');
}

export function readRefusal(status: number, body: string): Refusal {
  const said = parse(body);
  const message = typeof said['message'] === 'string' ? said['message'] : '';
  const code = typeof said['code'] === 'string' ? said['code'] : (CODES[status] ?? '');
  return new Refusal(message || `The server answered ${status}.`, status, code);
}

/** What a status means where the client kept no body, or something between us and the server answered. */
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
    return {}; // not the server's own answer
  }
}
