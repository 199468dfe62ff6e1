import type { SDKMessage } from '../agent-client.js';

/**
 * What an agent is at, by its own word. It may be at something though no message of a user's is
 * under way: a task in the background goes on after its turn, and when it ends, the agent begins a
 * turn by itself.
 */
export class AgentWork {
  #isInTurn = false;
  #backgroundTasks = 0;

  /** From a turn's first message to its result. */
  get isInTurn(): boolean {
    return this.#isInTurn;
  }

  /** Whether ending the agent now would cut anything off. */
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
