import { parseBody, questionIn } from './parse-body.js';
import { isRecord } from '../../protocol/is-record.js';
import type { AdminServerReport } from '../../protocol/admin.js';
import { NoOtherServerError, ServerUnavailableError, ShuttingDownError } from '../errors.js';
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
  const call = questionIn(body, FIELD);
  return CALLS.includes(call) ? (call as ServerCall) : null;
}

/** The state of a server after a call. */
export interface ServerReply {
  readonly isDraining: boolean;
  readonly report: AdminServerReport;
}

/** Returns the body of the reply. */
export function encodeServerReply({ isDraining, report }: ServerReply): string {
  return JSON.stringify({ isDraining, report });
}

/** Returns the body of a reply that rejects the call. */
export function encodeServerRejection(error: unknown): string {
  return JSON.stringify({ error: toWireError(error) });
}

/**
 * Returns the reply in its body.
 *
 * @throws ServerUnavailableError when the server does not know the call
 * @throws NoOtherServerError, ShuttingDownError as the server has
 */
export function decodeServerReply(body: string): ServerReply {
  const sent = parseBody(body);
  if (!isRecord(sent)) throw new ServerUnavailableError();
  const { isDraining, report, error } = sent;
  if (typeof isDraining === 'boolean' && isRecord(report)) {
    return { isDraining, report: report as unknown as AdminServerReport };
  }
  const rejection = fromWireError(error);
  const isPassed =
    rejection instanceof NoOtherServerError || rejection instanceof ShuttingDownError;
  throw isPassed ? rejection : new ServerUnavailableError();
}
