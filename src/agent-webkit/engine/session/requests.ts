import type { PermissionResponse, QuestionResponse } from '../../protocol/inbound.js';
import type { EventPayloads, RequestOutcome, WireEvent } from '../../protocol/events.js';
import type { PermissionContext, PermissionResult } from '../agent-client.js';
import { cancelledRequest } from '../agent/cancelled-request.js';
import type { Caller } from '../caller.js';
import type { RequestDecision } from './decision.js';
import { NoPendingRequestError, InvalidRequestError } from '../errors.js';
import type { EventLog } from '../event-log/event-log.js';
import type { PendingRequest } from '../../protocol/answers.js';
import { parseSessionEvent } from '../session-event.js';
import { type OpenRequest, QUESTION_TOOL } from '../event-log/session-state.js';
import { isRecord } from '../../protocol/is-record.js';

export interface RequestsOptions {
  /** After how long a request that nobody answers is denied, in milliseconds; null for never. */
  timeoutMs: number | null;
  /** Called when a request is resolved and that is committed. */
  onDecision: (decision: Omit<RequestDecision, 'sessionId' | 'owner'>) => void;
}

/**
 * What the agent asks of people. A request is open from its event until its `request_resolved`;
 * which ones are open is the log's own state, and here are only the agent's callbacks that wait.
 * The first reply to be appended wins; one that comes later, however closely, finds nothing open.
 * The agent is answered only when the outcome is committed.
 */
export class Requests {
  readonly #log: EventLog;
  readonly #options: RequestsOptions;
  readonly #waiting = new Map<string, (result: PermissionResult) => void>();

  constructor(log: EventLog, options: RequestsOptions) {
    this.#log = log;
    this.#options = options;
  }

  /** Asks, and waits for the reply. Resolves to a refusal when nobody can answer any more. */
  ask(
    toolName: string,
    input: Record<string, unknown>,
    context: PermissionContext,
  ): Promise<PermissionResult> {
    const correlationId = context.toolUseID;
    if (context.signal.aborted) return Promise.resolve(cancelledRequest());
    return new Promise((resolve) => {
      const onAbort = () => this.cancel(correlationId);
      const earlier = this.#waiting.get(correlationId);
      const timer = earlier ? undefined : this.#expireLater(correlationId);
      this.#waiting.set(correlationId, (result) => {
        clearTimeout(timer);
        context.signal.removeEventListener('abort', onAbort);
        earlier?.(result);
        resolve(result);
      });
      context.signal.addEventListener('abort', onAbort, { once: true });
      // What is asked again while it is open is one request, and both get its answer.
      if (earlier) return;
      const asked = this.#log.append(requestEvent(toolName, input, context));
      // A log that failed tells nobody of the request, so nobody will answer.
      asked?.catch(() => this.#takeWaiting(correlationId)?.(cancelledRequest()));
    });
  }

  /** Answers one open request. @throws NoPendingRequestError when it is not open */
  async reply(reply: PermissionResponse | QuestionResponse, by: Caller): Promise<void> {
    const request = this.#log.state.requests.get(reply.correlation_id);
    if (!request) throw new NoPendingRequestError(reply.correlation_id);
    const result =
      reply.type === 'question_response' ? answer(request, reply.answers) : decide(request, reply);
    const outcome = outcomeOf(request, result);
    await this.#resolve(request, outcome, result, by);
  }

  /** Resolves one request as cancelled, if it is open. */
  cancel(correlationId: string): void {
    this.#giveUp(correlationId, 'cancelled', cancelledRequest());
  }

  cancelAll(): void {
    for (const correlationId of this.#log.state.requests.keys()) this.cancel(correlationId);
  }

  #expireLater(correlationId: string): NodeJS.Timeout | undefined {
    const { timeoutMs } = this.#options;
    if (timeoutMs === null) return undefined;
    const message = 'Nobody answered in time.';
    const expire = () => this.#giveUp(correlationId, 'expired', { behavior: 'deny', message });
    return setTimeout(expire, timeoutMs).unref();
  }

  #giveUp(correlationId: string, outcome: RequestOutcome, result: PermissionResult): void {
    const request = this.#log.state.requests.get(correlationId);
    if (!request) return;
    // The agent is answered in any case, and a log that fails gives the session up.
    this.#resolve(request, outcome, result, null).catch(() => undefined);
  }

  async #resolve(
    request: OpenRequest,
    outcome: RequestOutcome,
    result: PermissionResult,
    by: Caller | null,
  ): Promise<void> {
    const { correlationId, kind } = request;
    const answerAgent = this.#takeWaiting(correlationId);
    const data: EventPayloads['request_resolved'] = {
      correlation_id: correlationId,
      kind,
      outcome,
      ...(by && { by: by.id }),
    };
    try {
      await this.#log.append({ event: 'request_resolved', data });
    } catch (error) {
      answerAgent?.(cancelledRequest());
      throw error;
    }
    answerAgent?.(result);
    const { toolName, input } = request;
    const updatedInput = result.behavior === 'allow' ? result.updatedInput : undefined;
    this.#options.onDecision({
      caller: by,
      correlationId,
      kind,
      toolName,
      input,
      ...(updatedInput && { updatedInput }),
      outcome,
      at: new Date(),
    });
  }

  /** The agent's callback of one request, which is called once. */
  #takeWaiting(correlationId: string): ((result: PermissionResult) => void) | undefined {
    const answerAgent = this.#waiting.get(correlationId);
    this.#waiting.delete(correlationId);
    return answerAgent;
  }
}

/** An open request as its event told it, with the event's name. */
export function toPendingRequest(request: OpenRequest): PendingRequest {
  const { event, data } = parseSessionEvent(request.event);
  return { event, ...data } as PendingRequest;
}

function requestEvent(
  toolName: string,
  input: Record<string, unknown>,
  context: PermissionContext,
): WireEvent {
  const correlation_id = context.toolUseID;
  if (toolName === QUESTION_TOOL) {
    return { event: 'ask_user_question', data: { correlation_id, questions: input } };
  }
  const told = {
    tool_use_id: context.toolUseID,
    agent_id: context.agentID,
    // As a client may send them back: for this session, not for a settings file.
    suggestions: context.suggestions?.map((update) => ({ ...update, destination: 'session' })),
    blocked_path: context.blockedPath,
    decision_reason: context.decisionReason,
    title: context.title,
    display_name: context.displayName,
    description: context.description,
  };
  return {
    event: 'permission_request',
    data: { correlation_id, tool_name: toolName, input, context: withoutUndefined(told) },
  };
}

function decide(request: OpenRequest, reply: PermissionResponse): PermissionResult {
  if (reply.behavior === 'deny') {
    return {
      behavior: 'deny',
      // The SDK refuses a denial without a message.
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
    updatedInput: reply.updated_input ?? request.input,
    ...(reply.updated_permissions ? { updatedPermissions: reply.updated_permissions } : {}),
  };
}

function answer(request: OpenRequest, answers: unknown): PermissionResult {
  if (request.kind !== 'question') {
    throw new InvalidRequestError(
      `type: '${request.correlationId}' asks for a permission. Answer it with permission_response.`,
    );
  }
  return { behavior: 'allow', updatedInput: { ...request.input, answers: readAnswers(answers) } };
}

function outcomeOf(request: OpenRequest, result: PermissionResult): RequestOutcome {
  if (result.behavior === 'deny') return 'denied';
  return request.kind === 'question' ? 'answered' : 'allowed';
}

/** The three shapes clients send, as the one the SDK takes: question text to answer text. */
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

/** One answer, or the several of a question with more than one choice. */
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

function withoutUndefined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
