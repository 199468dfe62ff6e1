import type { AwaitedCall } from '../agent-client.js';
import type { SessionAgent } from '../agent/session-agent.js';
import type { EventLog } from '../event-log/event-log.js';
import type { Requests } from './requests.js';
import type { TurnRecord } from './turn-record.js';

/** A call that an agent is to ask for again. */
export type NextCall = Pick<AwaitedCall, 'toolUseID' | 'toolName'>;

/** The running turn, as far as it can wait for people without an agent. */
export class WaitingTurn {
  readonly #log: EventLog;
  readonly #agent: SessionAgent;
  readonly #requests: Requests;
  readonly #record: TurnRecord;
  /** The id of the call that the running agent was started for; null for one that was started for a message. */
  #awaited: string | null = null;

  constructor(log: EventLog, agent: SessionAgent, requests: Requests, record: TurnRecord) {
    this.#log = log;
    this.#agent = agent;
    this.#requests = requests;
    this.#record = record;
  }

  /** True while the agent does nothing but wait for people, and may be stopped. */
  get needsNoAgent(): boolean {
    const isWaiting = this.#log.state.isWaiting && this.#agent.client?.isWaiting === true;
    return isWaiting && !this.#requests.isAnswering;
  }

  /** False when the agent that ended had not taken the answer that it was started for: another one would end as well. */
  get survivesExit(): boolean {
    const { outlivesAgent, decided } = this.#log.state;
    const hasTaken = this.#awaited === null || !decided.has(this.#awaited);
    return outlivesAgent && hasTaken;
  }

  /** The call whose answer has waited for the longest time; undefined if no answer waits. */
  get nextCall(): NextCall | undefined {
    const [decided] = this.#log.state.decided.values();
    return (
      decided && { toolUseID: decided.request.correlationId, toolName: decided.request.toolName }
    );
  }

  /**
   * Leaves the durable requests of the turn open. Everything else of the turn ends, and the agent is stopped.
   *
   * @param hadAgent true if an agent has worked on the turn since it waited last
   */
  leave(hadAgent: boolean): void | Promise<void> {
    this.#requests.detach();
    this.#requests.cancelUndurable();
    void this.#agent.park();
    this.#awaited = null;
    return this.#record.waiting(hadAgent);
  }

  /** Returns what the agent that is started for a call must know. */
  begin({ toolUseID, toolName }: NextCall): AwaitedCall {
    const { requests, decided, answered } = this.#log.state;
    this.#awaited = toolUseID;
    const others = [...requests.keys(), ...decided.keys()].filter((id) => id !== toolUseID);
    return { toolUseID, toolName, others, answered: [...answered.keys()] };
  }

  end(): void {
    this.#awaited = null;
  }
}
