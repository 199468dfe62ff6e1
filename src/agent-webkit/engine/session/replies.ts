import type { RequestOutcome } from '../../protocol/events.js';
import type { PermissionResponse, QuestionResponse } from '../../protocol/inbound.js';
import { isRecord } from '../../protocol/is-record.js';
import type { PermissionResult } from '../agent-client.js';
import { InvalidRequestError } from '../errors.js';
import type { OpenRequest } from '../event-log/session-state.js';
import { editedInput } from './resolution.js';

/**
 * Converts a client's reply to the result that the agent's SDK expects.
 *
 * @throws InvalidRequestError when the reply does not fit the kind of the request
 */
export function resultOfReply(
  request: OpenRequest,
  reply: PermissionResponse | QuestionResponse,
): PermissionResult {
  return reply.type === 'question_response'
    ? resultOfAnswers(request, reply.answers)
    : resultOfDecision(request, reply);
}

/** Returns the outcome that `request_resolved` reports for a reply's result. */
export function outcomeOfReply(request: OpenRequest, result: PermissionResult): RequestOutcome {
  if (result.behavior === 'deny') return 'denied';
  return request.kind === 'question' ? 'answered' : 'allowed';
}

function resultOfDecision(request: OpenRequest, reply: PermissionResponse): PermissionResult {
  if (reply.behavior === 'deny') {
    return {
      behavior: 'deny',
      // The SDK rejects a denial without a message.
      message: reply.message || 'The user denied this.',
      ...(reply.interrupt === undefined ? {} : { interrupt: reply.interrupt }),
    };
  }
  if (request.kind === 'question') {
    throw new InvalidRequestError(
      `type: '${request.correlationId}' is a question. Answer it with question_response, or deny it.`,
    );
  }
  return {
    behavior: 'allow',
    updatedInput: reply.updated_input ? editedInput(request, reply.updated_input) : request.input,
    ...(reply.updated_permissions ? { updatedPermissions: reply.updated_permissions } : {}),
  };
}

function resultOfAnswers(request: OpenRequest, answers: unknown): PermissionResult {
  if (request.kind !== 'question') {
    throw new InvalidRequestError(
      `type: '${request.correlationId}' asks for a permission. Answer it with permission_response.`,
    );
  }
  return { behavior: 'allow', updatedInput: { ...request.input, answers: readAnswers(answers) } };
}

/**
 * Converts each of the three shapes that clients send to the one the SDK takes: a map of question
 * text to answer text.
 *
 * @throws InvalidRequestError when the answers have none of the three shapes
 */
export function readAnswers(answers: unknown): Record<string, string> {
  if (Array.isArray(answers)) return Object.fromEntries(answers.map(readListedAnswer));
  if (!isRecord(answers)) throw unreadable('answers');
  const map =
    'answers' in answers && typeof answers['answers'] === 'object' ? answers['answers'] : answers;
  if (Array.isArray(map)) return readAnswers(map);
  if (!isRecord(map)) throw unreadable('answers.answers');
  return Object.fromEntries(
    Object.entries(map).map(([question, given]) => [
      question,
      readAnswer(given, `answers.${question}`),
    ]),
  );
}

function readListedAnswer(item: unknown, index: number): [string, string] {
  if (!isRecord(item) || typeof item['question'] !== 'string') {
    throw unreadable(`answers[${index}].question`);
  }
  return [
    item['question'],
    readAnswer(item['selectedOptions'], `answers[${index}].selectedOptions`),
  ];
}

/** Reads one answer, or the several answers to a question that allows more than one. */
function readAnswer(given: unknown, field: string): string {
  if (typeof given === 'string') return given;
  if (Array.isArray(given) && given.every((option) => typeof option === 'string')) {
    return given.join(', ');
  }
  throw unreadable(field);
}

function unreadable(field: string): InvalidRequestError {
  return new InvalidRequestError(
    `${field}: expected a map of question to answer text, {answers: map}, or a list of {question, selectedOptions}.`,
  );
}
