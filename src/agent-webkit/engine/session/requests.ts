import type { WireEvent } from '../../protocol/events.js';
import type { AgentAsks, AskKind } from '../agent-asks.js';
import type { PermissionContext, PermissionResult } from '../agent-client.js';
import { cancelledRequest, unansweredAsk } from '../agent/cancelled-request.js';
import type { Caller } from '../caller.js';
import type { IsDurable } from '../durable-tools.js';
import { NoPendingRequestError } from '../errors.js';
import type { EventLog } from '../event-log/event-log.js';
import type { OpenRequest } from '../event-log/session-state.js';
import { expiryOf } from '../request-expiry.js';
import { AnswerDelivery } from './answer-delivery.js';
import type { Answer, Answering } from './answering.js';
import { partialApproval } from './approvals.js';
import { createAskEvent } from './ask-events.js';
import {
  type AskedRequest,
  type Expiry,
  requestForTool,
  type RequestPolicies,
} from './asked-request.js';
import { Escalations, type EscalationsOptions } from './escalations.js';
import { ExpiryTimers } from './expiry-timers.js';
import { HoldTimer } from './hold-timer.js';
import { readReply } from './replies.js';
import { RequestResolver, type RequestResolverOptions } from './request-resolver.js';
import { checkDigest } from './resolution.js';
import {
  allowedByExpiry,
  type RequestResult,
  type Settlement,
  tooManyOpen,
  unanswered,
} from './settlement.js';
import { WaitingCalls } from './waiting-calls.js';

export interface RequestsOptions
  extends RequestPolicies, RequestResolverOptions, Omit<EscalationsOptions, 'byTool'> {
  /** Decides who may answer; null for every caller who may answer in the session. */
  answering: Pick<Answering, 'check'> | null;
  /** Tells the calls whose requests stay open without an agent; null for none. */
  isDurable: IsDurable | null;
  /** How long an agent is kept for durable requests alone, in milliseconds. */
  holdMs: number;
  /** Called when the agent may have begun to wait for people only. */
  onWaiting: () => void;
  /** Called when the agent need not be kept any longer for the requests that are open; again while they are. */
  onHeld: () => void;
}

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
  readonly #calls = new WaitingCalls();
  readonly #delivery: AnswerDelivery;
  readonly #resolver: RequestResolver;
  readonly #hold: HoldTimer;
  readonly #expiries = new ExpiryTimers();
  readonly #escalations: Escalations;

  constructor(log: EventLog, options: RequestsOptions) {
    this.#log = log;
    this.#options = options;
    this.#delivery = new AnswerDelivery(log);
    this.#escalations = new Escalations(log, { ...options, byTool: options.escalation ?? {} });
    this.#resolver = new RequestResolver(log, this.#calls, this.#delivery, options);
    this.#hold = new HoldTimer({
      ...options,
      isWaiting: () => [...this.#calls.ids].some((id) => this.#isDurable(id)),
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
    const { toolUseID, signal } = context;
    if (signal.aborted) return cancelledRequest();
    const answer = this.#delivery.answerInLog(toolUseID, input);
    if (answer) return answer;
    // Awaited only where it takes a while, because requests are published in the order of the calls.
    const mayBeDurable = this.#mayBeDurable(toolName, input, context);
    const isDurable = mayBeDurable ? (await context.stored) === true : undefined;
    if (isAborted(signal)) return cancelledRequest();
    const asked = requestForTool(toolName, input, context, isDurable, this.#options);
    if (!asked) return TOO_DEEP;
    const result = await this.#publish(asked, signal);
    return withFullInput(result as PermissionResult, asked.event, input);
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
    return this.#publish({ ...request, kind, input: asked, expiry, isDurable: false }, signal);
  }

  #publish(asked: AskedRequest, signal: AbortSignal): Promise<RequestResult> {
    const { correlationId, kind, event, input, expiry } = asked;
    const chars = JSON.stringify([event, input]).length;
    if (!this.#calls.hasRoom(chars)) return Promise.resolve(tooManyOpen(kind));
    // The signal also aborts when the agent crashes. One that goes on without the answer is noticed by `observe`.
    const outcome = this.#calls.wait(correlationId, chars, signal, () => {
      if (!this.#isDurable(correlationId)) this.cancel(correlationId);
    });
    const isOpen = this.#log.state.requests.has(correlationId);
    // A request that a later agent repeats is open, and durable, already.
    if (asked.isDurable || this.#isDurable(correlationId)) this.#hold.restart();
    // A request that the agent repeats while it is open is one request, and all calls get its result.
    if (isOpen) return outcome;
    if (expiry) this.#startTimer(correlationId, expiry);
    // A log that has failed publishes no request, so no reply can come.
    void Promise.resolve(this.#log.append(event)).then(
      () => this.#options.onWaiting(),
      () => this.#calls.take(correlationId)?.(unanswered(kind, 'cancelled').result),
    );
    const open = this.#log.state.requests.get(correlationId);
    if (open) this.#escalations.start(open);
    return outcome;
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
    const { askedBy } = this.#log.state;
    const askers = { owner: this.#options.owner, askedBy };
    const approval = partialApproval(request, settlement, by, askers);
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
    this.#delivery.forget();
    for (const id of this.#calls.ids) if (this.#isDurable(id)) this.#calls.drop(id);
  }

  /** True while an answer is being committed that the running agent then receives. */
  get isAnswering(): boolean {
    return this.#delivery.isOnItsWay;
  }

  /** Starts the timers of the open requests that expire or are escalated, in a restored session. */
  resume(): void {
    this.#escalations.resume();
    for (const [id, { expiry }] of this.#log.state.requests) {
      if (!expiry) continue;
      this.#startTimer(id, { ...expiry, afterMs: Date.parse(expiry.at) - Date.now() });
    }
  }

  /** Stops the timers, because the session leaves this server. */
  stopTimers(): void {
    this.#hold.stop();
    this.#expiries.stopAll();
    this.#escalations.stopAll();
  }

  /** Observes events of the agent. It may go on without the answer to a request, which is then cancelled. */
  observe(events: readonly WireEvent[]): void {
    for (const { event, data } of events) {
      if (event === 'tool_result' && this.#isDurable(data.tool_use_id))
        this.cancel(data.tool_use_id);
      if (event !== 'result' || data.unasked) continue;
      this.#delivery.forget();
      for (const [id, { isDurable }] of this.#log.state.requests) if (isDurable) this.cancel(id);
    }
  }

  #isDurable(correlationId: string): boolean {
    return this.#log.state.requests.get(correlationId)?.isDurable ?? false;
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

  #resolve(request: OpenRequest, settlement: Settlement, by: Caller | null): Promise<void> {
    this.#expiries.stop(request.correlationId);
    this.#escalations.stop(request.correlationId);
    return this.#resolver.resolve(request, settlement, by);
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
