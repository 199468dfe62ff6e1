import { parseBody } from './parse-body.js';
import { isRecord } from '../../protocol/is-record.js';
import type { AdminServerReport } from '../../protocol/admin.js';
import { ServerUnavailableError } from '../errors.js';
import { fromWireError, toWireError } from './wire-error.js';

/** A request of an operator that one server passes to another: to report its state, to drain, or to take work again. */
export type ServerCall = 'report' | 'drain' | 'resume';

const CALLS: readonly unknown[] = ['report', 'drain', 'resume'] satisfies ServerCall[];
/** The field that only these calls have, among the requests between servers. */
const FIELD = 'serverCall';

/** Returns the body of a request. */
export function encodeServerCall(call: ServerCall): string {
  return JSON.stringify({ [FIELD]: call });
}

/** Returns the call of a request; null for every other request. */
export function decodeServerCall(body: string): ServerCall | null {
  const sent = parseBody(body);
  const call = isRecord(sent) ? sent[FIELD] : undefined;
  return CALLS.includes(call) ? (call as ServerCall) : null;
}

/** Returns the body of the reply: the report of the server after the call. */
export function encodeServerReport(report: AdminServerReport): string {
  return JSON.stringify({ report });
}

/** Returns the body of a reply that rejects the call. */
export function encodeServerRejection(error: unknown): string {
  return JSON.stringify({ error: toWireError(error) });
}

/**
 * Returns the report in a reply.
 *
 * @throws ServerUnavailableError when the server does not know the call
 * @throws the error with which it has rejected the call
 */
export function decodeServerReport(body: string): AdminServerReport {
  const sent = parseBody(body);
  if (isRecord(sent) && isRecord(sent['report']))
    return sent['report'] as unknown as AdminServerReport;
  const error = isRecord(sent) ? fromWireError(sent['error']) : null;
  throw error instanceof Error && 'code' in error && error.code === 'no_other_server'
    ? error
    : new ServerUnavailableError();
}
