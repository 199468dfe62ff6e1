import type { ElicitationResponse } from '../../protocol/inbound.js';
import type { ElicitationResult } from '../agent-asks.js';
import { InvalidRequestError } from '../errors.js';
import type { OpenRequest } from '../event-log/session-state.js';
import { findFormProblem } from './form-content.js';
import type { Settlement } from './settlement.js';

/** The outcome that each reply leads to. */
export const ELICITATION_OUTCOMES = {
  accept: 'answered',
  decline: 'denied',
  cancel: 'cancelled',
} as const;

/**
 * Converts a client's reply to the end of an elicitation.
 *
 * @throws InvalidRequestError when the values do not fit the form
 */
export function settleElicitation(
  { input }: OpenRequest,
  { action, content }: ElicitationResponse,
): Settlement {
  const outcome = ELICITATION_OUTCOMES[action];
  if (action !== 'accept') return { outcome, result: { action } };
  if (input['mode'] === 'url') {
    if (content !== undefined) {
      throw new InvalidRequestError('content: must be absent, because the request has no form.');
    }
    return { outcome, result: { action }, updatedInput: input };
  }
  const values = content ?? {};
  const problem = findFormProblem(input['requested_schema'], values);
  if (problem !== null) throw new InvalidRequestError(problem);
  const result: ElicitationResult = { action, content: values };
  return { outcome, result, updatedInput: { ...input, content: values } };
}
