import type { SDKMessage } from '../agent-client.js';

/**
 * The work of an agent, as its own messages report it.
 *
 * An agent may work while the log has no running turn: a background task continues after its turn,
 * and when the task ends, the agent begins a turn by itself. Such a turn has no `turn_start`, so the
 * log does not show it before its result. Therefore this state is kept outside the log, and is
 * dropped with the agent.
 */
export class AgentWork {
  #isInTurn = false;
  #backgroundTasks = 0;

  /** True from a turn's first message to its result. */
  get isInTurn(): boolean {
    return this.#isInTurn;
  }

  /** True when stopping the agent now would abort a turn or a background task. */
  get isAtWork(): boolean {
    return this.#isInTurn || this.#backgroundTasks > 0;
  }

  observe(message: SDKMessage): void {
    if (message.type === 'result') this.#isInTurn = false;
    if (message.type !== 'system') return;
    if (message.subtype === 'init') this.#isInTurn = true;
    if (message.subtype === 'background_tasks_changed') {
      this.#backgroundTasks = message.tasks.length;
    }
  }
}
