import type { RequestKind, WireEvent } from '../../protocol/events.js';
import type { AgentAsks, AskKind } from '../agent-asks.js';
import type { PermissionContext, PermissionResult } from '../agent-client.js';
import { cancelledRequest, unansweredAsk } from '../agent/cancelled-request.js';
import type { Caller } from '../caller.js';
import { NoPendingRequestError } from '../errors.js';
import type { EventLog } from '../event-log/event-log.js';
import { QUESTION_TOOL } from '../event-log/asked.js';
import type { IsDurable } from '../durable-tools.js';
import type { DecidedRequest, OpenRequest } from '../event-log/session-state.js';
import { approvalsOf, type RequestApprovalsByTool } from '../request-approvals.js';
import { expiryOf, type RequestExpiryByTool } from '../request-expiry.js';
import type { Answer, Answering } from './answering.js';
import { partialApproval } from './approvals.js';
import { createAskEvent } from './ask-events.js';
import type { RequestDecision } from './decision.js';
import { decisionOf, resultOfDecision } from './durable-decision.js';
import { ExpiryTimers } from './expiry-timers.js';
import { HoldTimer } from './hold-timer.js';
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
  /** Tells the calls whose requests stay open without an agent; null for none. */
  isDurable: IsDurable | null;
  /** How long an agent is kept for durable requests alone, in milliseconds. */
  holdMs: number;
  /** Called when the agent need not be kept any longer for the requests that are open; again while they are. */
  onHeld: () => void;
  /** Called when a durable request was answered, and no agent waits for the answer. */
  onDecided: () => void;
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
  readonly isDurable?: boolean;
}

/** A call of the agent that waits for the outcome of its request. */
interface Waiting {
  /** Gives the agent the result. */
  resolve: (result: RequestResult) => void;
  /** Ends the waiting without a result. */
  drop: () => void;
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
 *
 * A durable request stays open when its agent has gone. Its answer waits in the log for an agent that asks
 * again, and that receives it only when this is committed: so no call runs twice.
 */
export class Requests {
  readonly #log: EventLog;
  readonly #options: RequestsOptions;
  /** The agent's callbacks, by correlation id. */
  readonly #callbacks = new Map<string, Waiting>();
  /** The answers that the running agent has received from the log, by correlation id. */
  readonly #delivered = new Map<string, Promise<PermissionResult>>();
  /** The answers on their way to an agent that waits for them. */
  #answering = 0;
  readonly #hold: HoldTimer;
  readonly #expiries = new ExpiryTimers();
  /** The calls of {@link ask} that wait, and the length of their events and inputs. */
  #waiting = 0;
  #waitingChars = 0;

  constructor(log: EventLog, options: RequestsOptions) {
    this.#log = log;
    this.#options = options;
    this.#hold = new HoldTimer({
      ...options,
      isWaiting: () => [...this.#callbacks.keys()].some((id) => this.#isDurable(id)),
    });
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
    const { toolUseID: correlationId, signal } = context;
    if (signal.aborted) return cancelledRequest();
    const answered = this.#log.state.decided.get(correlationId);
    if (answered) return this.#deliver(answered, input);
    const delivered = this.#delivered.get(correlationId);
    if (delivered) return delivered;
    // Awaited only where it takes a while, because requests are published in the order of the calls.
    const mayBeDurable = this.#mayBeDurable(toolName, input, context);
    const isDurable = mayBeDurable && (await context.stored) === true;
    if (isAborted(signal)) return cancelledRequest();
    const event = requestEventOrNull(toolName, input, context, isDurable);
    if (!event) return TOO_DEEP;
    const kind = toolName === QUESTION_TOOL ? 'question' : 'permission';
    const approvals = approvalsOf(toolName, this.#options.approvals ?? {});
    if (approvals && event.event === 'permission_request') event.data.approvals = approvals;
    const expiry = this.#expiryOf(
      toolName,
      kind === 'question' || approvals !== undefined,
      isDurable,
    );
    if (expiry) event.data.expiry = { at: expiry.at, decision: expiry.decision };
    const asked = { correlationId, kind, event, input, signal, expiry, isDurable } as const;
    return withFullInput((await this.#publish(asked)) as PermissionResult, event, input);
  }

  #mayBeDurable(
    toolName: string,
    input: Record<string, unknown>,
    { toolUseID, stored }: PermissionContext,
  ): boolean {
    const { requests, turn } = this.#log.state;
    // Without a turn in the log, the agent works by itself, and its work ends with it.
    if (stored === undefined || turn === null || requests.has(toolUseID)) return false;
    return this.#options.isDurable?.(toolName, input) ?? false;
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

  #publish(asked: Asked): Promise<RequestResult> {
    const { correlationId, kind, event, input, signal, expiry } = asked;
    const chars = JSON.stringify([event, input]).length;
    const isFull = this.#waiting >= MAX_OPEN || this.#waitingChars + chars > MAX_OPEN_CHARS;
    if (this.#waiting > 0 && isFull) return Promise.resolve(tooManyOpen(kind));
    this.#waiting += 1;
    this.#waitingChars += chars;
    return new Promise((resolve) => {
      const isOpen = this.#log.state.requests.has(correlationId);
      // A request that a later agent repeats is open, and durable, already.
      const isDurable = asked.isDurable || this.#isDurable(correlationId);
      // The signal also aborts when the agent crashes. One that goes on without the answer is noticed by `observe`.
      const onAbort = () => {
        if (!this.#isDurable(correlationId)) this.cancel(correlationId);
      };
      const earlier = this.#callbacks.get(correlationId);
      if (!isOpen && expiry) this.#startTimer(correlationId, expiry);
      const drop = () => {
        this.#waiting -= 1;
        this.#waitingChars -= chars;
        signal.removeEventListener('abort', onAbort);
      };
      this.#callbacks.set(correlationId, {
        drop: () => {
          drop();
          earlier?.drop();
        },
        resolve: (result) => {
          drop();
          earlier?.resolve(result);
          resolve(result);
        },
      });
      signal.addEventListener('abort', onAbort, { once: true });
      if (isDurable) this.#hold.restart();
      // A request that the agent repeats while it is open is one request, and all calls get its result.
      if (isOpen) return;
      const published = this.#log.append(event);
      // A log that has failed publishes no request, so no reply can come.
      published?.catch(() =>
        this.#takeCallback(correlationId)?.resolve(unanswered(kind, 'cancelled').result),
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

  /** Resolves the open requests that end with their agent as cancelled. */
  cancelUndurable(): void {
    for (const [id, { isDurable }] of this.#log.state.requests) if (!isDurable) this.cancel(id);
  }

  /** Leaves the durable requests open when their agent has gone, or is about to be stopped. It gets no results. */
  detach(): void {
    this.#hold.stop();
    this.#delivered.clear();
    for (const [id, waiting] of this.#callbacks) {
      if (!this.#isDurable(id)) continue;
      this.#callbacks.delete(id);
      waiting.drop();
    }
  }

  /** True while an answer is being committed that the running agent then receives. */
  get isAnswering(): boolean {
    return this.#answering > 0;
  }

  /** Starts the timers of the open requests that expire, in a restored session. */
  resume(): void {
    for (const [id, { expiry }] of this.#log.state.requests) {
      if (!expiry) continue;
      this.#startTimer(id, { ...expiry, afterMs: Date.parse(expiry.at) - Date.now() });
    }
  }

  /** Stops the timers, because the session leaves this server. */
  stopTimers(): void {
    this.#hold.stop();
    this.#expiries.stopAll();
  }

  /** Observes events of the agent. It may go on without the answer to a request, which is then cancelled. */
  observe(events: readonly WireEvent[]): void {
    for (const { event, data } of events) {
      if (event === 'tool_result' && this.#isDurable(data.tool_use_id))
        this.cancel(data.tool_use_id);
      if (event !== 'result' || data.unasked) continue;
      this.#delivered.clear();
      for (const [id, { isDurable }] of this.#log.state.requests) if (isDurable) this.cancel(id);
    }
  }

  #isDurable(correlationId: string): boolean {
    return this.#log.state.requests.get(correlationId)?.isDurable ?? false;
  }

  /** The agent that asks again gets its answer when it is committed that it does: not a second time. */
  #deliver(answered: DecidedRequest, input: Record<string, unknown>): Promise<PermissionResult> {
    const { correlationId } = answered.request;
    const event = { event: 'request_delivered', data: { correlation_id: correlationId } } as const;
    this.#answering += 1;
    const delivered = Promise.resolve(this.#log.append(event)).then(
      () => resultOfDecision(answered, input),
      () => cancelledRequest(), // a log that has failed ends the session by itself
    );
    this.#delivered.set(correlationId, delivered);
    return this.#untilReceived(delivered);
  }

  /** Counts an answer until the agent has received it. */
  async #untilReceived<Result>(answer: Promise<Result>): Promise<Result> {
    try {
      return await answer;
    } finally {
      setImmediate(() => (this.#answering -= 1));
    }
  }

  #expiryOf(toolName: string, mustBeDenied: boolean, isDurable: boolean): Expiry | undefined {
    const { expiry = {}, timeoutMs } = this.#options;
    const defaultMs = isDurable ? null : timeoutMs;
    return expiryOf(toolName, mustBeDenied, expiry, defaultMs, Date.now());
  }

  #startTimer(correlationId: string, { afterMs, decision }: Expiry): void {
    const expire = () => {
      const request = this.#log.state.requests.get(correlationId);
      if (request && decision === 'allow') this.#settle(request, allowedByExpiry(request.input));
      else this.#resolveUnanswered(correlationId, 'expired');
    };
    this.#expiries.start(correlationId, afterMs, expire);
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
    this.#expiries.stop(correlationId);
    const isDecided = request.isDurable && !callback && outcome !== 'cancelled';
    const data = {
      ...withLink(this.#options.sessionId, request, resolution, last),
      // Only tool calls are durable.
      ...(isDecided && { decision: decisionOf(result as PermissionResult) }),
    };
    if (callback) this.#answering += 1;
    try {
      const committed = Promise.resolve(this.#log.append({ event: 'request_resolved', data }));
      await (callback ? this.#untilReceived(committed) : committed);
    } catch (error) {
      callback?.resolve(unanswered(kind, 'cancelled').result);
      throw error;
    }
    callback?.resolve(result);
    if (isDecided) this.#options.onDecided();
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
  #takeCallback(correlationId: string): Waiting | undefined {
    const callback = this.#callbacks.get(correlationId);
    this.#callbacks.delete(correlationId);
    return callback;
  }
}

/** Read anew: the compiler takes a signal for unchanged. */
const isAborted = (signal: AbortSignal): boolean => signal.aborted;

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
