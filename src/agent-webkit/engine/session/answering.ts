import type { RequestKind } from '../../protocol/events.js';
import type { InboundMessage, RequestReply } from '../../protocol/inbound.js';
import type { Caller } from '../caller.js';
import type { EngineLogger } from '../engine-logger.js';
import { ForbiddenError } from '../errors.js';
import type { OpenRequest } from '../event-log/session-state.js';

/** A request of the agent that a caller answers. */
export interface AnsweredRequest {
  readonly sessionId: string;
  /** The id of the caller who owns the session. */
  readonly owner: string;
  readonly correlationId: string;
  readonly kind: RequestKind;
  /** The tool. Of an elicitation: its MCP server, such as `mcp__crm`. Of a dialog: its kind. Of a hook: its tool or its event. */
  readonly toolName: string;
  /** The tool's input, the questions, or the data of another request, as the agent sent them. A copy. */
  readonly input: Readonly<Record<string, unknown>>;
  /** To whom the request was escalated, as `requests.escalation` of its tool has returned them. Empty until then. */
  readonly escalatedTo: readonly string[];
  /** The decision about a tool call; `answers` to questions and forms, and `deny` to decline them. */
  readonly answer: 'allow' | 'deny' | 'answers';
}

/**
 * Returns true when a caller may answer a request in this way. The caller owns the session, or `canAccess`
 * permits it to answer.
 */
export type CanAnswer = (request: AnsweredRequest, caller: Caller) => boolean | Promise<boolean>;

/** A client's answer to a request. */
export type Answer = RequestReply;

/** True for a client's answer to a request of the agent. */
export function isAnswer(message: InboundMessage): message is Answer {
  return Object.hasOwn(ANSWER_TYPES, message.type);
}

const ANSWER_TYPES: Readonly<Record<Answer['type'], true>> = {
  permission_response: true,
  question_response: true,
  elicitation_response: true,
  dialog_response: true,
  hook_decision_response: true,
};

function choiceIn(answer: Answer): AnsweredRequest['answer'] {
  switch (answer.type) {
    case 'permission_response':
    case 'hook_decision_response':
      return answer.behavior;
    case 'question_response':
      return 'answers';
    case 'elicitation_response':
      return answer.action === 'accept' ? 'answers' : 'deny';
    case 'dialog_response':
      return answer.behavior === 'completed' ? 'answers' : 'deny';
    default:
      return answer satisfies never;
  }
}

/** Checks who may answer the requests of one session. */
export class Answering {
  readonly #session: { readonly id: string; readonly owner: string };
  readonly #canAnswer: CanAnswer;
  readonly #logger: EngineLogger;

  constructor(
    session: { readonly id: string; readonly owner: string },
    canAnswer: CanAnswer,
    logger: EngineLogger,
  ) {
    this.#session = session;
    this.#canAnswer = canAnswer;
    this.#logger = logger;
  }

  /** @throws ForbiddenError when the caller may not answer the request in this way */
  async check(request: OpenRequest, answer: Answer, by: Caller): Promise<void> {
    if (await this.#isPermitted(request, answer, by)) return;
    throw new ForbiddenError(
      'You may not answer this request. It stays open for those who may answer it.',
    );
  }

  async #isPermitted(
    { correlationId, kind, toolName, input, escalatedTo = [] }: OpenRequest,
    answer: Answer,
    by: Caller,
  ): Promise<boolean> {
    const { id: sessionId, owner } = this.#session;
    const request: AnsweredRequest = {
      sessionId,
      owner,
      correlationId,
      kind,
      toolName,
      input: structuredClone(input),
      escalatedTo: [...escalatedTo],
      answer: choiceIn(answer),
    };
    try {
      // Of a host in JavaScript, too.
      const permitted: unknown = await this.#canAnswer(request, by);
      return permitted === true;
    } catch (error) {
      this.#logger.error(
        `Session ${sessionId}: the option canAnswer threw an error. The answer is refused.`,
        error,
      );
      return false;
    }
  }
}
