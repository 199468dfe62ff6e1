import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Settings } from '@anthropic-ai/claude-agent-sdk';
import type { PermissionGrants, PermissionRule } from '../../engine/permission-grants.js';

/**
 * Adds what a session was granted to the settings of its next agent, which has no other means to receive
 * rules at its start. The settings file of a host is read for that.
 *
 * @param settings the host's settings, or the path of their file
 * @param cwd the folder to which such a path is relative
 * @throws when the file cannot be read, as the agent itself would fail
 */
export function withGrants(
  settings: string | Settings,
  grants: PermissionGrants,
  cwd: string,
): Settings {
  const own = typeof settings === 'string' ? readSettings(settings, cwd) : settings;
  const { permissions = {} } = own;
  return {
    ...own,
    permissions: {
      ...permissions,
      allow: [...(permissions.allow ?? []), ...grants.allow.map(formatRule)],
      deny: [...(permissions.deny ?? []), ...grants.deny.map(formatRule)],
      ask: [...(permissions.ask ?? []), ...grants.ask.map(formatRule)],
      additionalDirectories: [...(permissions.additionalDirectories ?? []), ...grants.directories],
    },
  };
}

/** Returns a rule as settings write it: `Tool` or `Tool(content)`. */
export function formatRule({ toolName, ruleContent }: PermissionRule): string {
  if (ruleContent === undefined || ruleContent === '' || ruleContent === '*') return toolName;
  return `${toolName}(${ruleContent.replaceAll(/[\\()]/g, String.raw`\$&`)})`;
}

/** The SDK also takes JSON for a path. */
function readSettings(settings: string, cwd: string): Settings {
  const isJson = settings.trimStart().startsWith('{');
  return JSON.parse(isJson ? settings : readFileSync(resolve(cwd, settings), 'utf8')) as Settings;
}
