import type { EventPayloads } from '../../protocol/events.js';
import type { Caller } from '../caller.js';
import { digestOf, TooDeepError } from '../digest.js';
import { InputChangedError, InvalidRequestError } from '../errors.js';
import type { OpenRequest } from '../event-log/session-state.js';
import type { Answer } from './answering.js';
import type { Settlement } from './settlement.js';

type Resolved = EventPayloads['request_resolved'];

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

/** Returns the event data that records how a request was resolved. */
export function describeResolution(
  request: OpenRequest,
  { outcome, updatedInput: allowed = request.input }: Omit<Settlement, 'result'>,
  by: Caller | null,
): Resolved & Required<Pick<Resolved, 'at' | 'input_digest'>> {
  const { correlationId, kind, input } = request;
  return {
    correlation_id: correlationId,
    kind,
    outcome,
    ...(by && { by: by.id }),
    at: new Date().toISOString(),
    input_digest: shownDigest(request),
    ...(allowed !== input && {
      updated_input: allowed,
      updated_input_digest: digestOf(allowed),
    }),
  };
}
