import type { Settings } from '@anthropic-ai/claude-agent-sdk';
import type { PermissionGrants, PermissionRule } from '../../engine/permission-grants.js';

/**
 * Adds what a session was granted to the settings of its next agent, which has no other means to receive
 * rules at its start.
 */
export function withGrants(settings: Settings, grants: PermissionGrants): Settings {
  const { permissions = {} } = settings;
  return {
    ...settings,
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
