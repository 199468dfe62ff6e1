import { mkdirSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { findConfigFolder, RESUME_FOLDER } from './local-copies.js';

type Environment = Record<string, string | undefined>;

/**
 * Lets a resumed agent use the folder of the agents' plans. To resume from a store, the SDK creates a
 * configuration folder for this one process, which is removed when the process ends, and in which the
 * plan of the conversation is missing. The folder of the plans in it becomes a link.
 *
 * @param process the environment of the process
 * @param session the environment that the host has configured for the agent
 */
export function linkPlanFolder(process: Environment, session: Environment): void {
  const resumed = findConfigFolder(process);
  const configured = findConfigFolder(session);
  if (!resumed || !configured || !basename(resumed).startsWith(RESUME_FOLDER)) return;
  const plans = join(configured, 'plans');
  try {
    mkdirSync(plans, { recursive: true, mode: 0o700 });
    symlinkSync(plans, join(resumed, 'plans'), 'junction');
  } catch {
    // Without the link, the agent begins a new plan, and a request for the lost one says so.
  }
}
