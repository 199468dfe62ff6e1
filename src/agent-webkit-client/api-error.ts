/** The server refused a request. */
export class ApiError extends Error {
  /** The HTTP status. */
  readonly status: number;
  /** The code of the error, such as `no_such_session`; null if another program answered, for example a proxy. */
  readonly code: string | null;
  /** How long the server asks to wait before a retry, in milliseconds; null if it does not say. */
  readonly retryAfterMs: number | null;

  constructor(status: number, code: string | null, message: string, retryAfterMs: number | null) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }

  /** True if the same request may succeed later: the server is busy, starts, or is not there. */
  get isTemporary(): boolean {
    // Until tomorrow: a person decides.
    if (this.code === 'daily_budget_exhausted') return false;
    return this.status >= 500 || this.status === 408 || this.status === 429;
  }
}

/** The server no longer has the events after the last one that this client received. Show the session anew, from `after: 0`. */
export class EventsLostError extends Error {
  /** The id after which the events were asked for. */
  readonly after: number;

  constructor(after: number) {
    super(
      `The server no longer has all events after ${after}. Read the session again from its start.`,
    );
    this.name = 'EventsLostError';
    this.after = after;
  }
}

/** Too many messages wait to be sent. */
export class OutboxFullError extends Error {
  constructor(max: number) {
    super(`${max} messages wait to be sent already. Try again when some of them are.`);
    this.name = 'OutboxFullError';
  }
}

/** Reads the server's refusal from a response. */
export async function readRefusal(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => '');
  const { code, message } = parseBody(text);
  const reason = message ?? `The server answered with the status ${response.status}.`;
  return new ApiError(response.status, code, reason, readRetryAfter(response.headers));
}

function parseBody(text: string): { code: string | null; message: string | null } {
  try {
    const body = JSON.parse(text) as { code?: unknown; message?: unknown } | null;
    const code = typeof body?.code === 'string' ? body.code : null;
    return { code, message: typeof body?.message === 'string' ? body.message : null };
  } catch {
    return { code: null, message: null }; // the answer of a proxy
  }
}

/** `Retry-After` is a number of seconds or a date. */
function readRetryAfter(headers: Headers): number | null {
  const value = headers.get('retry-after');
  if (value === null) return null;
  const seconds = Number(value);
  const ms = Number.isNaN(seconds) ? Date.parse(value) - Date.now() : seconds * 1000;
  return Number.isNaN(ms) ? null : Math.max(0, ms);
}
