import type { RequestOutcome, WireEvent } from '../../protocol/events.js';
import type { PermissionContext, PermissionResult } from '../agent-client.js';
import { cancelledRequest } from '../agent/cancelled-request.js';
import type { Caller } from '../caller.js';
import { NoPendingRequestError } from '../errors.js';
import type { EventLog } from '../event-log/event-log.js';
import type { OpenRequest } from '../event-log/session-state.js';
import type { Answer, Answering } from './answering.js';
import type { RequestDecision } from './decision.js';
import { outcomeOfReply, resultOfReply } from './replies.js';
import { openedAt, requestEventOrNull } from './request-events.js';
import { checkDigest, describeResolution } from './resolution.js';

export interface RequestsOptions {
  /** How long a request stays open without a reply before it is denied, in milliseconds; null for no limit. */
  timeoutMs: number | null;
  /** Decides who may answer; null for every caller who may answer in the session. */
  answering: Pick<Answering, 'check'> | null;
  /** Called when a request's outcome is committed. */
  onDecision: (decision: Omit<RequestDecision, 'sessionId' | 'owner'>) => void;
}

/** Requests that may be open at the same time, and the length of their events and inputs together, in characters. */
const MAX_OPEN = 200;
const MAX_OPEN_CHARS = 64 * 1024 * 1024;

const TOO_MANY = {
  behavior: 'deny',
  message: 'Too many requests wait for the user. Try again when some of them are answered.',
} as const;

const TOO_DEEP = {
  behavior: 'deny',
  message: 'The input is nested too deeply to be shown to the user.',
} as const;

/**
 * The agent's requests to people: permissions and questions.
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
  readonly #callbacks = new Map<string, (result: PermissionResult) => void>();
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
  ask(
    toolName: string,
    input: Record<string, unknown>,
    context: PermissionContext,
  ): Promise<PermissionResult> {
    const correlationId = context.toolUseID;
    if (context.signal.aborted) return Promise.resolve(cancelledRequest());
    const request = requestEventOrNull(toolName, input, context);
    if (!request) return Promise.resolve(TOO_DEEP);
    const chars = JSON.stringify([request, input]).length;
    const isFull = this.#waiting >= MAX_OPEN || this.#waitingChars + chars > MAX_OPEN_CHARS;
    if (this.#waiting > 0 && isFull) return Promise.resolve(TOO_MANY);
    this.#waiting += 1;
    this.#waitingChars += chars;
    return new Promise((resolve) => {
      const onAbort = () => this.cancel(correlationId);
      const earlier = this.#callbacks.get(correlationId);
      const timer = earlier ? undefined : this.#startTimer(correlationId);
      this.#callbacks.set(correlationId, (result) => {
        clearTimeout(timer);
        this.#waiting -= 1;
        this.#waitingChars -= chars;
        context.signal.removeEventListener('abort', onAbort);
        earlier?.(result);
        resolve(withFullInput(result, request, input));
      });
      context.signal.addEventListener('abort', onAbort, { once: true });
      // A request that the agent repeats while it is open is one request, and both calls get its result.
      if (earlier) return;
      const published = this.#log.append(request);
      // A log that has failed publishes no request, so no reply can come.
      published?.catch(() => this.#takeCallback(correlationId)?.(cancelledRequest()));
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
   * Resolves one open request with a client's reply.
   *
   * @throws NoPendingRequestError when the request is not open
   * @throws InputChangedError when the reply is for another input
   * @throws InvalidRequestError when the reply does not fit the request
   */
  async reply(reply: Answer, by: Caller): Promise<void> {
    const request = this.#find(reply);
    const result = resultOfReply(request, reply);
    await this.#resolve(request, outcomeOfReply(request, result), result, by);
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
    this.#resolveUnanswered(correlationId, 'cancelled', cancelledRequest());
  }

  /** Resolves every open request as cancelled. */
  cancelAll(): void {
    for (const correlationId of this.#log.state.requests.keys()) this.cancel(correlationId);
  }

  #startTimer(correlationId: string): NodeJS.Timeout | undefined {
    const { timeoutMs } = this.#options;
    if (timeoutMs === null) return undefined;
    const result = { behavior: 'deny', message: 'No reply arrived in time.' } as const;
    const expire = () => this.#resolveUnanswered(correlationId, 'expired', result);
    return setTimeout(expire, timeoutMs).unref();
  }

  #resolveUnanswered(
    correlationId: string,
    outcome: RequestOutcome,
    result: PermissionResult,
  ): void {
    const request = this.#log.state.requests.get(correlationId);
    if (!request) return;
    // The agent gets its result in any case. A log that has failed ends the session by itself.
    this.#resolve(request, outcome, result, null).catch(() => undefined);
  }

  async #resolve(
    request: OpenRequest,
    outcome: RequestOutcome,
    result: PermissionResult,
    by: Caller | null,
  ): Promise<void> {
    const { correlationId, kind, toolName, input } = request;
    const callback = this.#takeCallback(correlationId);
    const data = describeResolution(request, outcome, result, by);
    try {
      await this.#log.append({ event: 'request_resolved', data });
    } catch (error) {
      callback?.(cancelledRequest());
      throw error;
    }
    callback?.(result);
    const updatedInput = result.behavior === 'allow' ? result.updatedInput : undefined;
    this.#options.onDecision({
      caller: by,
      correlationId,
      kind,
      toolName,
      input,
      ...(updatedInput && { updatedInput }),
      outcome,
      openedAt: openedAt(request),
      at: new Date(data.at),
      inputDigest: data.input_digest,
      ...(data.updated_input_digest && { updatedInputDigest: data.updated_input_digest }),
    });
  }

  /** Removes and returns the agent's callback of one request, so that it is called once. */
  #takeCallback(correlationId: string): ((result: PermissionResult) => void) | undefined {
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
