import type { RequestKind, WireEvent } from '../../protocol/events.js';
import type { AgentAsks, AskKind } from '../agent-asks.js';
import type { PermissionContext, PermissionResult } from '../agent-client.js';
import { cancelledRequest, unansweredAsk } from '../agent/cancelled-request.js';
import type { Caller } from '../caller.js';
import { NoPendingRequestError } from '../errors.js';
import type { EventLog } from '../event-log/event-log.js';
import { QUESTION_TOOL } from '../event-log/asked.js';
import type { OpenRequest } from '../event-log/session-state.js';
import { approvalsOf, type RequestApprovalsByTool } from '../request-approvals.js';
import { expiryOf, type RequestExpiryByTool } from '../request-expiry.js';
import type { Answer, Answering } from './answering.js';
import { partialApproval } from './approvals.js';
import { createAskEvent } from './ask-events.js';
import type { RequestDecision } from './decision.js';
import { readReply } from './replies.js';
import { requestEventOrNull } from './request-events.js';
import { checkDigest, describeResolution, openTime, withLink } from './resolution.js';
import {
  allowedByExpiry,
  type RequestResult,
  type Settlement,
  tooManyOpen,
  unanswered,
} from './settlement.js';

export interface RequestsOptions {
  sessionId: string;
  /** The id of the caller who owns the session. */
  owner: string;
  /** How long a request stays open without a reply before it is denied, in milliseconds; null for no limit. */
  timeoutMs: number | null;
  /** The expiry of the requests of some tools. */
  expiry?: RequestExpiryByTool;
  /** The approvals that the requests of some tools need. */
  approvals?: RequestApprovalsByTool;
  /** Decides who may answer; null for every caller who may answer in the session. */
  answering: Pick<Answering, 'check'> | null;
  /** Called when a request's outcome is committed. */
  onDecision: (decision: Omit<RequestDecision, 'sessionId' | 'owner'>) => void;
}

/** Requests that may be open at the same time, and the length of their events and inputs together, in characters. */
const MAX_OPEN = 200;
const MAX_OPEN_CHARS = 64 * 1024 * 1024;

/** A request to publish. */
interface Asked {
  readonly correlationId: string;
  readonly kind: RequestKind;
  readonly event: WireEvent;
  readonly input: object;
  readonly signal: AbortSignal;
  /** When it expires without a reply; undefined when it stays open. */
  readonly expiry: Expiry | undefined;
}

type Expiry = NonNullable<ReturnType<typeof expiryOf>>;

const TOO_DEEP = {
  behavior: 'deny',
  message: 'The input is nested too deeply to be shown to the user.',
} as const;

/**
 * The agent's requests to people: permissions, questions, and the others of {@link AgentAsks}.
 *
 * A request is open from its event to its `request_resolved`. The open requests are in the log's
 * state; this class only holds the agent's callbacks, which exist in this process alone. The
 * first reply to be appended wins, and any later one finds no open request. The agent receives
 * the result only when the outcome is committed.
 */
export class Requests {
  readonly #log: EventLog;
  readonly #options: RequestsOptions;
  /** The agent's callbacks, by correlation id. */
  readonly #callbacks = new Map<string, (result: RequestResult) => void>();
  /** The calls of {@link ask} that wait, and the length of their events and inputs. */
  #waiting = 0;
  #waitingChars = 0;

  constructor(log: EventLog, options: RequestsOptions) {
    this.#log = log;
    this.#options = options;
  }

  /**
   * Publishes a request and resolves to its result, which is a denial when it can no longer be answered, or
   * too many others are open.
   */
  async ask(
    toolName: string,
    input: Record<string, unknown>,
    context: PermissionContext,
  ): Promise<PermissionResult> {
    if (context.signal.aborted) return cancelledRequest();
    const { toolUseID: correlationId, signal } = context;
    const event = requestEventOrNull(toolName, input, context);
    if (!event) return TOO_DEEP;
    const kind = toolName === QUESTION_TOOL ? 'question' : 'permission';
    const approvals = approvalsOf(toolName, this.#options.approvals ?? {});
    if (approvals && event.event === 'permission_request') event.data.approvals = approvals;
    const expiry = this.#expiryOf(toolName, kind === 'question' || approvals !== undefined);
    if (expiry) event.data.expiry = { at: expiry.at, decision: expiry.decision };
    const result = await this.#publish({ correlationId, kind, event, input, signal, expiry });
    return withFullInput(result as PermissionResult, event, input);
  }

  /** Publishes a request of another kind, and resolves to its result in the same way. */
  async askPeople<Kind extends AskKind>(
    kind: Kind,
    asked: AgentAsks[Kind]['asked'],
    signal: AbortSignal,
  ): Promise<AgentAsks[Kind]['result']> {
    const request = signal.aborted ? null : createAskEvent(kind, asked);
    if (!request) return unansweredAsk(kind);
    const { timeoutMs } = this.#options;
    const expiry = expiryOf('', true, {}, timeoutMs, Date.now());
    return this.#publish({ ...request, kind, input: asked, signal, expiry });
  }

  #publish({ correlationId, kind, event, input, signal, expiry }: Asked): Promise<RequestResult> {
    const chars = JSON.stringify([event, input]).length;
    const isFull = this.#waiting >= MAX_OPEN || this.#waitingChars + chars > MAX_OPEN_CHARS;
    if (this.#waiting > 0 && isFull) return Promise.resolve(tooManyOpen(kind));
    this.#waiting += 1;
    this.#waitingChars += chars;
    return new Promise((resolve) => {
      const onAbort = () => this.cancel(correlationId);
      const earlier = this.#callbacks.get(correlationId);
      const timer = earlier || !expiry ? undefined : this.#startTimer(correlationId, expiry);
      this.#callbacks.set(correlationId, (result) => {
        clearTimeout(timer);
        this.#waiting -= 1;
        this.#waitingChars -= chars;
        signal.removeEventListener('abort', onAbort);
        earlier?.(result);
        resolve(result);
      });
      signal.addEventListener('abort', onAbort, { once: true });
      // A request that the agent repeats while it is open is one request, and both calls get its result.
      if (earlier) return;
      const published = this.#log.append(event);
      // A log that has failed publishes no request, so no reply can come.
      published?.catch(() =>
        this.#takeCallback(correlationId)?.(unanswered(kind, 'cancelled').result),
      );
    });
  }

  /**
   * Asks the host if a caller may answer a request. Resolves at once where it does not decide.
   *
   * @throws NoPendingRequestError when the request is not open
   * @throws InputChangedError when the reply is for another input
   * @throws ForbiddenError when the host does not permit it
   */
  async authorize(reply: Answer, by: Caller): Promise<void> {
    await this.#options.answering?.check(this.#find(reply), reply, by);
  }

  /**
   * Resolves one open request with a client's reply, or records its approval when it needs more of them.
   *
   * @throws NoPendingRequestError when the request is not open
   * @throws InputChangedError when the reply is for another input
   * @throws InvalidRequestError when the reply does not fit the request
   * @throws ForbiddenError when the caller may not approve it
   */
  async reply(reply: Answer, by: Caller): Promise<void> {
    const request = this.#find(reply);
    const settlement = readReply(request, reply);
    const approval = partialApproval(request, settlement, by, this.#options.owner);
    if (approval) return this.#log.append({ event: 'request_approved', data: approval });
    await this.#resolve(request, settlement, by);
  }

  #find(answer: Answer): OpenRequest {
    const { correlation_id: id } = answer;
    const request = this.#log.state.requests.get(id);
    if (!request) throw new NoPendingRequestError(id);
    checkDigest(request, answer);
    return request;
  }

  /** Resolves one request as cancelled, if it is open. */
  cancel(correlationId: string): void {
    this.#resolveUnanswered(correlationId, 'cancelled');
  }

  /** Resolves every open request as cancelled. */
  cancelAll(): void {
    for (const correlationId of this.#log.state.requests.keys()) this.cancel(correlationId);
  }

  #expiryOf(toolName: string, mustBeDenied: boolean): Expiry | undefined {
    const { expiry = {}, timeoutMs } = this.#options;
    return expiryOf(toolName, mustBeDenied, expiry, timeoutMs, Date.now());
  }

  #startTimer(correlationId: string, { afterMs, decision }: Expiry): NodeJS.Timeout {
    const expire = () => {
      const request = this.#log.state.requests.get(correlationId);
      if (request && decision === 'allow') this.#settle(request, allowedByExpiry(request.input));
      else this.#resolveUnanswered(correlationId, 'expired');
    };
    return setTimeout(expire, afterMs).unref();
  }

  #resolveUnanswered(correlationId: string, outcome: 'cancelled' | 'expired'): void {
    const request = this.#log.state.requests.get(correlationId);
    if (request) this.#settle(request, unanswered(request.kind, outcome));
  }

  /** Resolves a request without a reply. */
  #settle(request: OpenRequest, settlement: Settlement): void {
    // The agent gets its result in any case. A log that has failed ends the session by itself.
    this.#resolve(request, settlement, null).catch(() => undefined);
  }

  async #resolve(request: OpenRequest, settlement: Settlement, by: Caller | null): Promise<void> {
    const { correlationId, kind, toolName, input } = request;
    const { outcome, result, updatedInput } = settlement;
    const callback = this.#takeCallback(correlationId);
    const resolution = describeResolution(request, settlement, by);
    const { last } = this.#log.state.decisions;
    const data = withLink(this.#options.sessionId, request, resolution, last);
    try {
      await this.#log.append({ event: 'request_resolved', data });
    } catch (error) {
      callback?.(unanswered(kind, 'cancelled').result);
      throw error;
    }
    callback?.(result);
    const openedAt = openTime(request);
    this.#options.onDecision({
      caller: by,
      correlationId,
      kind,
      toolName,
      input,
      ...(updatedInput && { updatedInput }),
      outcome,
      openedAt: openedAt === null ? null : new Date(openedAt),
      at: new Date(data.at),
      inputDigest: data.input_digest,
      ...(data.updated_input_digest && { updatedInputDigest: data.updated_input_digest }),
      ...data.link,
    });
  }

  /** Removes and returns the agent's callback of one request, so that it is called once. */
  #takeCallback(correlationId: string): ((result: RequestResult) => void) | undefined {
    const callback = this.#callbacks.get(correlationId);
    this.#callbacks.delete(correlationId);
    return callback;
  }
}

/** Replaces the input of a request by the agent's own one, of which clients may have seen only a part. */
function withFullInput(
  result: PermissionResult,
  { event, data }: WireEvent,
  input: Record<string, unknown>,
): PermissionResult {
  const isAsShown =
    event === 'permission_request' &&
    result.behavior === 'allow' &&
    result.updatedInput === data.input;
  return isAsShown ? { ...result, updatedInput: input } : result;
}
