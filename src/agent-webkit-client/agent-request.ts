import type { PendingRequest } from '../agent-webkit/protocol/answers.js';
import type { DeliveredEvent } from '../agent-webkit/protocol/events.js';
import type {
  FormContent,
  PermissionResponse,
  RequestReply,
} from '../agent-webkit/protocol/inbound.js';

/** How a request ended, as in its event `request_resolved`. */
export type Resolution = Extract<DeliveredEvent, { event: 'request_resolved' }>['data'];

export type AllowOptions = Pick<PermissionResponse, 'updated_input' | 'updated_permissions'>;
export type DenyOptions = Pick<PermissionResponse, 'message' | 'interrupt'>;

/** The effect of an accepted answer. */
export type AnswerEffect =
  /** The request is decided. */
  | { readonly state: 'decided' }
  /** The request needs more approvals, and stays open. */
  | { readonly state: 'approved'; readonly approvals: number; readonly required: number };

/** Sends an answer to a request. */
export type Answer = (asked: PendingRequest, reply: RequestReply) => Promise<AnswerEffect>;

/** An open request of the agent. The first answer of any client decides, unless it needs several approvals. */
export class AgentRequest {
  readonly id: string;
  readonly sessionId: string;
  /** The event that opened it. `event` tells its kind. */
  readonly asked: PendingRequest;
  /** Resolves when a client has answered it, or it has expired or was cancelled. It stays pending if the stream ends before. */
  readonly resolved: Promise<Resolution>;
  readonly #answer: Answer;

  /** @internal `AgentSession` yields requests. */
  constructor(
    sessionId: string,
    asked: PendingRequest,
    resolved: Promise<Resolution>,
    answer: Answer,
  ) {
    this.id = asked.correlation_id;
    this.sessionId = sessionId;
    this.asked = asked;
    this.resolved = resolved;
    this.#answer = answer;
  }

  /**
   * Allows a tool call, or what a hook asks. A call that needs the approvals of several callers stays open until
   * the last one: the result then has the state `approved`, and the number of approvals so far.
   */
  allow(options: AllowOptions = {}): Promise<AnswerEffect> {
    if (this.asked.event === 'hook_decision_request') {
      return this.#send({ type: 'hook_decision_response', behavior: 'allow', ...this.#shown });
    }
    return this.#send({
      type: 'permission_response',
      behavior: 'allow',
      ...this.#shown,
      ...options,
    });
  }

  /** Denies or declines it, whatever kind it is of. */
  deny({ message, interrupt }: DenyOptions = {}): Promise<AnswerEffect> {
    const told = message === undefined ? {} : { message };
    switch (this.asked.event) {
      case 'hook_decision_request':
        return this.#send({
          type: 'hook_decision_response',
          behavior: 'deny',
          ...this.#shown,
          ...told,
        });
      case 'elicitation_request':
        return this.#send({ type: 'elicitation_response', action: 'decline', ...this.#shown });
      case 'dialog_request':
        return this.#send({ type: 'dialog_response', behavior: 'cancelled', ...this.#shown });
      default:
        return this.#send({
          type: 'permission_response',
          behavior: 'deny',
          ...this.#shown,
          ...told,
          ...(interrupt !== undefined && { interrupt }),
        });
    }
  }

  /** Answers questions, by their texts. */
  answer(answers: Readonly<Record<string, string>>): Promise<AnswerEffect> {
    return this.#send({ type: 'question_response', answers, ...this.#shown });
  }

  /** Fills in a form, or agrees to visit the page of an elicitation. */
  fillIn(content?: FormContent): Promise<AnswerEffect> {
    return this.#send({
      type: 'elicitation_response',
      action: 'accept',
      ...this.#shown,
      ...(content && { content }),
    });
  }

  /** Completes a dialog. */
  complete(result: unknown): Promise<AnswerEffect> {
    return this.#send({ type: 'dialog_response', behavior: 'completed', result, ...this.#shown });
  }

  #send(reply: RequestReply): Promise<AnswerEffect> {
    return this.#answer(this.asked, reply);
  }

  /** The digest says which input the user saw: an answer to another one is refused. */
  get #shown() {
    const { input_digest } = this.asked;
    return { correlation_id: this.id, ...(input_digest !== undefined && { input_digest }) };
  }
}
