import { MARKER_VARIABLE } from '../agent-webkit/agents/claude/process-sweep.js';
import { findNearest } from '../agent-webkit/options/nearest.js';
import { OPTIONS } from '../agent-webkit/options/option-table.js';
import type { Environment } from './read-setting.js';
import { SERVER_SETTINGS } from './setting-table.js';

const PREFIX = 'AGENT_WEBKIT_';
const KNOWN = [
  ...Object.keys(SERVER_SETTINGS),
  ...OPTIONS.flatMap(({ descriptor: { variable } }) => variable ?? []),
  // Set in the environment of an agent, from which a server may be started.
  MARKER_VARIABLE,
];

/** Returns a warning for each variable that has the prefix of this server but is not a setting. */
export function findUnknownVariables(env: Environment): string[] {
  const names = KNOWN.filter((name) => name.startsWith(PREFIX)).map(withoutPrefix);
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !KNOWN.includes(name))
    .map((name) => {
      const nearest = findNearest(withoutPrefix(name), names);
      const hint = nearest === null ? '' : ` Did you mean ${PREFIX}${nearest}?`;
      return `Unknown variable ${name} is ignored.${hint}`;
    });
}

function withoutPrefix(name: string): string {
  return name.slice(PREFIX.length);
}
