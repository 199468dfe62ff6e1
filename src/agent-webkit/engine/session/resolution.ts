import type { DecisionLink } from '../../protocol/events.js';
import type { Caller } from '../caller.js';
import { describeDecision, linkAfter, type RecordedResolution } from '../decision-record.js';
import { digestOf, TooDeepError } from '../digest.js';
import { InputChangedError, InvalidRequestError } from '../errors.js';
import type { OpenRequest } from '../event-log/session-state.js';
import { parseSessionEvent } from '../session-event.js';
import type { Answer } from './answering.js';
import type { Settlement } from './settlement.js';

/** Returns the digest of the input that clients were shown. */
export function shownDigest(request: OpenRequest): string {
  return request.inputDigest ?? digestOf(request.input);
}

/**
 * Checks that an answer is for the input of a request, if it says for which one it is.
 *
 * @throws InputChangedError when it is for another input
 */
export function checkDigest(request: OpenRequest, answer: Answer): void {
  const { input_digest: given } = answer;
  if (given === undefined) return;
  const shown = shownDigest(request);
  if (given !== shown) throw new InputChangedError(request.correlationId, shown);
}

/**
 * Returns the input of a reply, or the one that was shown when both have the same content.
 *
 * @throws InvalidRequestError when it is nested too deeply
 */
export function editedInput(
  request: OpenRequest,
  input: Record<string, unknown>,
): Record<string, unknown> {
  try {
    return digestOf(input) === shownDigest(request) ? request.input : input;
  } catch (error) {
    if (!(error instanceof TooDeepError)) throw error;
    throw new InvalidRequestError('updated_input: it is nested too deeply. Send a flatter value.', {
      cause: error,
    });
  }
}

/** Returns when a request was opened, in ISO 8601; null for a request of an earlier version. */
export function openTime({ event }: OpenRequest): string | null {
  const { time } = parseSessionEvent(event).data as { time?: unknown };
  return typeof time === 'string' ? time : null;
}

/** Adds the link of a decision that follows the last one. */
export function withLink(
  sessionId: string,
  request: OpenRequest,
  resolution: RecordedResolution,
  last: DecisionLink | null,
): RecordedResolution & { link: DecisionLink } {
  const described = describeDecision(
    sessionId,
    { toolName: request.toolName, input: request.input, openedAt: openTime(request) },
    resolution,
  );
  return { ...resolution, link: linkAfter(last, described) };
}

/** Returns the event data that records how a request was resolved. */
export function describeResolution(
  request: OpenRequest,
  { outcome, updatedInput: allowed = request.input }: Omit<Settlement, 'result'>,
  by: Caller | null,
): RecordedResolution {
  const { correlationId, kind, input } = request;
  return {
    correlation_id: correlationId,
    kind,
    outcome,
    ...(by && { by: by.id }),
    ...(outcome === 'allowed' &&
      by &&
      request.approvals && { approved_by: [...request.approvedBy, by.id] }),
    ...(request.escalatedTo && { escalated_to: [...request.escalatedTo] }),
    ...(outcome === 'allowed' && !by && { expired: true as const }),
    at: new Date().toISOString(),
    input_digest: shownDigest(request),
    ...(allowed !== input && {
      updated_input: allowed,
      updated_input_digest: digestOf(allowed),
    }),
  };
}
