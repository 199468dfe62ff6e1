import type { PermissionResult } from '../agent-client.js';
import { cancelledRequest } from '../agent/cancelled-request.js';
import type { EventLog } from '../event-log/event-log.js';
import { resultOfDecision } from './durable-decision.js';

/** Passes answers on to the running agent, and knows of those that it has not received yet. */
export class AnswerDelivery {
  readonly #log: EventLog;
  /** The answers that the running agent has received from the log, by correlation id. */
  readonly #delivered = new Map<string, Promise<PermissionResult>>();
  #onTheirWay = 0;

  constructor(log: EventLog) {
    this.#log = log;
  }

  /** True while an answer is being committed that the running agent then receives. */
  get isOnItsWay(): boolean {
    return this.#onTheirWay > 0;
  }

  /**
   * Returns the answer that waits in the log for an agent that asks again; undefined if there is none. The
   * agent gets it when it is committed that it does: not a second time.
   *
   * @param input the input that the agent sends
   */
  answerInLog(
    correlationId: string,
    input: Record<string, unknown>,
  ): Promise<PermissionResult> | undefined {
    const decided = this.#log.state.decided.get(correlationId);
    if (!decided) return this.#delivered.get(correlationId);
    const event = { event: 'request_delivered', data: { correlation_id: correlationId } } as const;
    const delivered = Promise.resolve(this.#log.append(event)).then(
      () => resultOfDecision(decided, input),
      () => cancelledRequest(), // a log that has failed ends the session by itself
    );
    this.#delivered.set(correlationId, delivered);
    return this.untilReceived(delivered);
  }

  /** Counts an answer as on its way until the agent has received it. */
  async untilReceived<Result>(answer: Promise<Result>): Promise<Result> {
    this.#onTheirWay += 1;
    try {
      return await answer;
    } finally {
      setImmediate(() => (this.#onTheirWay -= 1));
    }
  }

  /** Forgets the answers that the agent has received: its turn has ended, or it has gone. */
  forget(): void {
    this.#delivered.clear();
  }
}
