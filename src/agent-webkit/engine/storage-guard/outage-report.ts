import type { EngineLogger } from '../engine-logger.js';
import { StorageFaultError } from '../storage.js';

/**
 * How long no call may have failed before an outage is over, in milliseconds. Longer than the longest
 * delay between two attempts, so that a call that keeps failing is one outage.
 */
const QUIET_MS = 10_000;

interface Outage {
  readonly startedAt: number;
  lastFailureAt: number;
  /** True once the log names a fault that only an operator can fix. */
  isFaultReported: boolean;
}

/**
 * The only place that logs that the storage is in trouble: one line when an outage begins, with its
 * cause, and one when it is over, for all sessions and all requests together.
 *
 * An outage **begins** when the storage rejects a call with an error of its own, or when a call or a
 * request has waited for it longer than the limit. It is **over** when a call succeeds, no call is
 * overdue, and no call has failed for 10 s. Other calls may succeed meanwhile, for example while one table
 * is locked. An outage whose cause turns out to be a `StorageFaultError` gets one more line, which names the
 * fault.
 */
export class OutageReport {
  readonly #logger: EngineLogger;
  readonly #quietMs: number;
  #outage: Outage | null = null;
  #fault: StorageFaultError | null = null;

  constructor(logger: EngineLogger, quietMs = QUIET_MS) {
    this.#logger = logger;
    this.#quietMs = quietMs;
  }

  /** True from the begin of an outage to its end. */
  get isOn(): boolean {
    return this.#outage !== null;
  }

  /** The fault of the present outage that only an operator can fix; null when there is none. */
  get fault(): StorageFaultError | null {
    return this.#fault;
  }

  /** Records that a call failed, or that the storage took too long. */
  failed(call: string, cause: unknown): void {
    const now = performance.now();
    const isFault = cause instanceof StorageFaultError;
    if (isFault) this.#fault = cause;
    if (this.#outage) {
      this.#outage.lastFailureAt = now;
      if (!isFault || this.#outage.isFaultReported) return;
      this.#outage.isFaultReported = true;
    } else this.#outage = { startedAt: now, lastFailureAt: now, isFaultReported: isFault };
    this.#logger.error(
      `Storage outage (${call}): ${describe(cause)} ` +
        'Requests are rejected with 503 storage_unavailable, and writes are retried until it is over.',
    );
  }

  /** Records that a call succeeded, while `hasOverdue` tells whether another one is overdue. */
  succeeded(hasOverdue: boolean): void {
    const outage = this.#outage;
    if (!outage || hasOverdue) return;
    const now = performance.now();
    if (now - outage.lastFailureAt < this.#quietMs) return;
    this.#outage = null;
    this.#fault = null;
    const seconds = Math.round((outage.lastFailureAt - outage.startedAt) / 1000);
    this.#logger.warn(`The storage responds again, after an outage of about ${seconds} s.`);
  }
}

/** Describes an error in one line, with the causes that it wraps. */
function describe(error: unknown): string {
  const messages: string[] = [];
  for (let cause = error; cause && messages.length < 5;) {
    const { message, code, errors, cause: next } = fieldsOf(cause);
    const text = message === '' && code !== '' ? code : message;
    if (text !== '') messages.push(text.replaceAll(/\s+/g, ' ').replace(/\.$/, ''));
    // An error of several addresses has no message of its own.
    cause = next ?? errors[0];
  }
  return `${messages.join(': ') || 'unknown error'}.`;
}

/** Reads an error by its fields: one of Node's own may be of another realm than `Error`. */
function fieldsOf(error: unknown) {
  const fields = typeof error === 'object' && error !== null ? error : {};
  const { message = error, code = '', errors, cause } = fields as Record<string, unknown>;
  return {
    message: String(message),
    code: String(code),
    errors: Array.isArray(errors) ? (errors as unknown[]) : [],
    cause,
  };
}
