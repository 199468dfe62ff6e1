import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { findResumeFolder } from './leftovers.js';

type Environment = Record<string, string | undefined>;

/**
 * Lets a resumed agent use the folder of the agents' plans. To resume from a store, the SDK creates a
 * configuration folder for this one process, which is removed when the process ends, and in which the
 * plan of the conversation is missing. The folder of the plans in it becomes a link.
 *
 * @param process the environment of the process
 * @param configured the configuration folder of an agent that is not resumed
 */
export function linkPlanFolder(process: Environment, configured: string | undefined): void {
  const resumed = findResumeFolder(process);
  if (resumed === null || !configured) return;
  const plans = join(configured, 'plans');
  try {
    mkdirSync(plans, { recursive: true, mode: 0o700 });
    symlinkSync(plans, join(resumed, 'plans'), 'junction');
  } catch {
    // Without the link, the agent begins a new plan, and a request for the lost one says so.
  }
}
