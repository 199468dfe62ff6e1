import type { RequestKind } from '../../protocol/events.js';
import type {
  DialogResponse,
  HookDecisionResponse,
  PermissionResponse,
  RequestReply,
} from '../../protocol/inbound.js';
import { isRecord } from '../../protocol/is-record.js';
import { InvalidRequestError } from '../errors.js';
import type { OpenRequest } from '../event-log/session-state.js';
import { settleElicitation } from './elicitation-replies.js';
import { editedInput } from './resolution.js';
import type { Settlement } from './settlement.js';

const DENIED = 'The user denied this.';

/** The reply that each kind of request is answered with. */
const REPLY_TYPES = {
  permission: 'permission_response',
  question: 'question_response',
  elicitation: 'elicitation_response',
  dialog: 'dialog_response',
  hook: 'hook_decision_response',
} as const satisfies Record<RequestKind, RequestReply['type']>;

/** The kinds of requests, for error messages. */
const DESCRIPTIONS: Readonly<Record<RequestKind, string>> = {
  permission: 'asks for a permission',
  question: 'is a question',
  elicitation: 'is an elicitation',
  dialog: 'is a dialog',
  hook: 'is the decision of a hook',
};

/**
 * Converts a client's reply to the end of the request.
 *
 * @throws InvalidRequestError when the reply does not fit the request
 */
export function readReply(request: OpenRequest, reply: RequestReply): Settlement {
  const { kind, correlationId } = request;
  const declines = kind === 'question' && reply.type === 'permission_response';
  if (reply.type !== REPLY_TYPES[kind] && !(declines && reply.behavior === 'deny')) {
    throw new InvalidRequestError(
      `type: '${correlationId}' ${DESCRIPTIONS[kind]}. Answer it with ${REPLY_TYPES[kind]}${declines ? ', or deny it' : ''}.`,
    );
  }
  switch (reply.type) {
    case 'permission_response':
      return settleDecision(request, reply);
    case 'question_response':
      return settleAnswers(request, reply.answers);
    case 'elicitation_response':
      return settleElicitation(request, reply);
    case 'dialog_response':
      return settleDialog(request, reply);
    case 'hook_decision_response':
      return settleHook(reply);
    default:
      return reply satisfies never;
  }
}

function settleDecision(request: OpenRequest, reply: PermissionResponse): Settlement {
  if (reply.behavior === 'deny') {
    return {
      outcome: 'denied',
      result: {
        behavior: 'deny',
        // The SDK rejects a denial without a message.
        message: reply.message || DENIED,
        ...(reply.interrupt === undefined ? {} : { interrupt: reply.interrupt }),
      },
    };
  }
  const updatedInput = reply.updated_input
    ? editedInput(request, reply.updated_input)
    : request.input;
  const { updated_permissions: updatedPermissions } = reply;
  return {
    outcome: 'allowed',
    result: {
      behavior: 'allow',
      updatedInput,
      ...(updatedPermissions ? { updatedPermissions } : {}),
    },
    updatedInput,
  };
}

function settleDialog(
  { input }: OpenRequest,
  { behavior, result: choice }: DialogResponse,
): Settlement {
  if (behavior === 'cancelled') return { outcome: 'cancelled', result: { behavior } };
  if (choice === undefined) {
    throw new InvalidRequestError("result: is required with behavior 'completed'.");
  }
  return {
    outcome: 'answered',
    result: { behavior, result: choice },
    updatedInput: { ...input, result: choice },
  };
}

function settleHook({ behavior, message }: HookDecisionResponse): Settlement {
  return behavior === 'allow'
    ? { outcome: 'allowed', result: { behavior } }
    : { outcome: 'denied', result: { behavior, message: message || DENIED } };
}

function settleAnswers(request: OpenRequest, answers: unknown): Settlement {
  const updatedInput = { ...request.input, answers: readAnswers(answers) };
  return { outcome: 'answered', result: { behavior: 'allow', updatedInput }, updatedInput };
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
