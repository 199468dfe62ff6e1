import type { SDKMessage } from '../agent-client.js';

/** The tool by which an agent in plan mode asks to carry out its plan. */
export const PLAN_TOOL = 'ExitPlanMode';

/** How many plans are kept for requests that have not arrived yet. */
const MAX_PLANS = 8;

/**
 * The plans that the model passes to `ExitPlanMode`. Claude Code replaces the input of that tool by the
 * contents of the agent's plan file. If there is no file, the request is for an empty input, and the user would
 * approve a plan without seeing it.
 */
export class ProposedPlans {
  /** The plans by the id of the tool use. */
  readonly #plans = new Map<string, string>();

  observe(message: SDKMessage): void {
    if (message.type !== 'assistant') return;
    for (const block of message.message.content) {
      if (block.type !== 'tool_use' || block.name !== PLAN_TOOL) continue;
      const plan = planIn(block.input);
      if (plan === null) continue;
      this.#plans.set(block.id, plan);
      const [oldest] = this.#plans.keys();
      if (this.#plans.size > MAX_PLANS && oldest !== undefined) this.#plans.delete(oldest);
    }
  }

  /** Returns the input of a tool, with the plan of this tool use if it has none. */
  complete(
    toolName: string,
    input: Record<string, unknown>,
    toolUseId: string,
  ): Record<string, unknown> {
    const plan = this.#plans.get(toolUseId);
    this.#plans.delete(toolUseId);
    if (toolName !== PLAN_TOOL || plan === undefined || planIn(input) !== null) return input;
    return { ...input, plan };
  }
}

function planIn(input: unknown): string | null {
  if (typeof input !== 'object' || input === null || !('plan' in input)) return null;
  return typeof input.plan === 'string' && input.plan !== '' ? input.plan : null;
}
