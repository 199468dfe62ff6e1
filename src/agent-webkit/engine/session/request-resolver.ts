import type { Caller } from '../caller.js';
import type { PermissionResult } from '../agent-client.js';
import type { EventLog } from '../event-log/event-log.js';
import type { OpenRequest } from '../event-log/session-state.js';
import type { AnswerDelivery } from './answer-delivery.js';
import type { RequestDecision } from './decision.js';
import { decisionOf } from './durable-decision.js';
import { describeResolution, openTime, withLink } from './resolution.js';
import { type Settlement, unanswered } from './settlement.js';
import type { WaitingCalls } from './waiting-calls.js';

export interface RequestResolverOptions {
  sessionId: string;
  /** Called when a durable request was answered, and no agent waits for the answer. */
  onDecided: () => void;
  /** Called when a request's outcome is committed. */
  onDecision: (decision: Omit<RequestDecision, 'sessionId' | 'owner'>) => void;
}

/** Ends requests: in the log first, then for the agent, then for the host. */
export class RequestResolver {
  readonly #log: EventLog;
  readonly #calls: WaitingCalls;
  readonly #delivery: AnswerDelivery;
  readonly #options: RequestResolverOptions;

  constructor(
    log: EventLog,
    calls: WaitingCalls,
    delivery: AnswerDelivery,
    options: RequestResolverOptions,
  ) {
    this.#log = log;
    this.#calls = calls;
    this.#delivery = delivery;
    this.#options = options;
  }

  /**
   * Ends an open request. Rejects when the log has failed; an agent that waits then gets the result of a
   * cancelled request.
   *
   * @param by the caller who replied; null for an end without a reply
   */
  async resolve(request: OpenRequest, settlement: Settlement, by: Caller | null): Promise<void> {
    const { correlationId, kind, isDurable } = request;
    const { outcome, result } = settlement;
    const giveResult = this.#calls.take(correlationId);
    const isDecided = isDurable && !giveResult && outcome !== 'cancelled';
    const { last } = this.#log.state.decisions;
    const resolution = describeResolution(request, settlement, by);
    const data = {
      ...withLink(this.#options.sessionId, request, resolution, last),
      // Only tool calls are durable.
      ...(isDecided && { decision: decisionOf(result as PermissionResult) }),
    };
    try {
      const committed = Promise.resolve(this.#log.append({ event: 'request_resolved', data }));
      await (giveResult ? this.#delivery.untilReceived(committed) : committed);
    } catch (error) {
      giveResult?.(unanswered(kind, 'cancelled').result);
      throw error;
    }
    giveResult?.(result);
    if (isDecided) this.#options.onDecided();
    this.#options.onDecision(decided(request, settlement, by, data));
  }
}

/** Returns the decision for the host. */
function decided(
  request: OpenRequest,
  { outcome }: Settlement,
  caller: Caller | null,
  data: ReturnType<typeof withLink>,
): Omit<RequestDecision, 'sessionId' | 'owner'> {
  const { correlationId, kind, toolName, input } = request;
  const openedAt = openTime(request);
  return {
    caller,
    correlationId,
    kind,
    toolName,
    input,
    ...(data.updated_input && { updatedInput: data.updated_input }),
    outcome,
    openedAt: openedAt === null ? null : new Date(openedAt),
    at: new Date(data.at),
    inputDigest: data.input_digest,
    ...(data.updated_input_digest && { updatedInputDigest: data.updated_input_digest }),
    ...(data.approved_by && { approvedBy: data.approved_by }),
    ...(data.escalated_to && { escalatedTo: data.escalated_to }),
    ...data.link,
  };
}
