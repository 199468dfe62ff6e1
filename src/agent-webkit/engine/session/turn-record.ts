import type { WireEvent } from '../../protocol/events.js';
import type { SessionAgent } from '../agent/session-agent.js';
import type { EventLog } from '../event-log/event-log.js';
import { sumUsd } from '../sum-usd.js';
import { lostTasks } from './tasks.js';
import { failedResult, sessionState } from './turn-events.js';

export interface TurnRecordOptions {
  sessionId: string;
  log: EventLog;
  agent: Pick<SessionAgent, 'takeUnreportedUsd'>;
  /** Called when tasks have ended with their agent. */
  onTasksChanged: () => void;
}

/** Records what the agent does not report: that it has gone, and what ends with it. */
export class TurnRecord {
  readonly #options: TurnRecordOptions;

  constructor(options: TurnRecordOptions) {
    this.#options = options;
  }

  /** Appends the events, and that the agent has gone. */
  dormant(...events: WireEvent[]): void | Promise<void> {
    return this.#append(...events, ...this.#lostTasks(), sessionState('dormant'));
  }

  /**
   * Appends the ends of what has ended with the agent, and that the turn waits without it.
   *
   * @param hadAgent false if the log has recorded that already
   */
  waiting(hadAgent: boolean): void | Promise<void> {
    const events = this.#lostTasks();
    if (hadAgent) {
      const turn_cost_usd = this.#turnCostUsd();
      events.push({ event: 'turn_waiting', data: { turn_cost_usd } });
    }
    if (events.length > 0) return this.#append(...events);
  }

  /** Returns the result of a turn that the agent did not end, with its cost as far as it is known. */
  failedResult(): WireEvent {
    const { sessionId, log } = this.#options;
    return failedResult(sessionId, this.#turnCostUsd(), log.state.costUsd);
  }

  /** Returns an event of the agent; the result of a turn with the cost of the agents that were stopped in it. */
  withTurnCost(event: WireEvent): WireEvent {
    const { turn } = this.#options.log.state;
    if (!turn?.costUsd || event.event !== 'result' || event.data.unasked) return event;
    const total_cost_usd = sumUsd(turn.costUsd, event.data.total_cost_usd);
    return { ...event, data: { ...event.data, total_cost_usd } };
  }

  /** Returns the cost of the turn, in US dollars. */
  #turnCostUsd(): number {
    const { log, agent } = this.#options;
    return sumUsd(log.state.turn?.costUsd ?? 0, agent.takeUnreportedUsd());
  }

  #lostTasks(): WireEvent[] {
    return lostTasks(this.#options.log.state);
  }

  #append(...events: WireEvent[]): void | Promise<void> {
    const committed = this.#options.log.append(...events);
    if (events.some(({ event }) => event === 'task_ended')) this.#options.onTasksChanged();
    return committed;
  }
}
