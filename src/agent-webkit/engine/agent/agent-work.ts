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
  /** When the last turn that a user started ended, as `performance.now()`. */
  #turnEndedAt = performance.now();

  /** True from a turn's first message to its result. */
  get isInTurn(): boolean {
    return this.#isInTurn;
  }

  /** True when stopping the agent now would abort a turn or a background task. */
  get isAtWork(): boolean {
    return this.#isInTurn || this.#backgroundTasks > 0;
  }

  /**
   * Since when only background tasks run, as `performance.now()`; null when none runs, or a turn does.
   * Turns that the agent starts by itself in between do not count.
   */
  get backgroundSince(): number | null {
    return !this.#isInTurn && this.#backgroundTasks > 0 ? this.#turnEndedAt : null;
  }

  observe(message: SDKMessage): void {
    if (message.type === 'result') {
      this.#isInTurn = false;
      const isOwn = message.origin !== undefined && message.origin.kind !== 'human';
      if (!isOwn) this.#turnEndedAt = performance.now();
    }
    if (message.type !== 'system') return;
    if (message.subtype === 'init') this.#isInTurn = true;
    if (message.subtype === 'background_tasks_changed') {
      this.#backgroundTasks = message.tasks.filter(({ ambient }) => !ambient).length;
    }
  }
}
