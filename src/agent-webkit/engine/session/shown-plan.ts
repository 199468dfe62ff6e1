import { PLAN_TOOL } from '../agent/proposed-plans.js';

/** The maximum length of a plan in a permission request, in UTF-16 code units. */
export const MAX_PLAN_CHARS = 256 * 1024;

const CUT_NOTE = `\n\n---\n\n**The plan is longer than ${MAX_PLAN_CHARS} characters. The rest is not shown.**`;

/** The input of a tool, as clients see it. */
export interface ShownInput {
  /** The same object, unless a plan in it was too long. */
  readonly input: Record<string, unknown>;
  /** True when the agent asks for the approval of a plan that is not known. */
  readonly isPlanMissing: boolean;
}

/** Returns the input of a tool for a permission request. A plan that is too long ends with a note. */
export function showInput(toolName: string, input: Record<string, unknown>): ShownInput {
  if (toolName !== PLAN_TOOL) return { input, isPlanMissing: false };
  const { plan } = input;
  if (typeof plan !== 'string' || plan.trim() === '') return { input, isPlanMissing: true };
  if (plan.length <= MAX_PLAN_CHARS) return { input, isPlanMissing: false };
  // Without half of a surrogate pair at the end, which a storage may reject.
  const cut = plan.slice(0, MAX_PLAN_CHARS).replace(/[\uD800-\uDBFF]$/, '');
  return { input: { ...input, plan: cut + CUT_NOTE }, isPlanMissing: false };
}
