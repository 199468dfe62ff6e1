import type { PermissionRuleValue, PermissionUpdate } from '@anthropic-ai/claude-agent-sdk';
import { PayloadTooLargeError } from './errors.js';

/** A rule for a tool, or for those of its uses that match its content. */
export type PermissionRule = PermissionRuleValue;

type RuleUpdate = Extract<PermissionUpdate, { rules: unknown }>;

/** The rules and folders that replies to permission requests gave a session, until it ends. Kept as JSON. */
export interface PermissionGrants {
  readonly allow: readonly PermissionRule[];
  readonly deny: readonly PermissionRule[];
  readonly ask: readonly PermissionRule[];
  /** The absolute paths of further folders that the agent works in. */
  readonly directories: readonly string[];
}

const NO_GRANTS: PermissionGrants = { allow: [], deny: [], ask: [], directories: [] };

/**
 * The maximum size of a session's grants, in bytes of JSON. An agent receives them in one argument of its
 * command line, which Linux limits to 128 KiB, and in which a character may take three times as much.
 */
const MAX_BYTES = 32_768;

/**
 * Returns a session's grants after further updates for this session, as the agent applies them to itself.
 *
 * @throws PayloadTooLargeError when they become too large to keep
 */
export function addGrants(
  grants: PermissionGrants = NO_GRANTS,
  updates: readonly PermissionUpdate[],
): PermissionGrants {
  const added = updates.reduce(addUpdate, grants);
  if (added !== grants && Buffer.byteLength(JSON.stringify(added)) > MAX_BYTES) {
    throw new PayloadTooLargeError(
      `updated_permissions: the rules and folders of a session must not exceed ${MAX_BYTES} bytes of JSON. ` +
        'Remove some, or allow this use only.',
    );
  }
  return added;
}

/** True for an update that takes something back. A resumed agent cannot do that: its grants are part of its start. */
export function takesBack({ type }: PermissionUpdate): boolean {
  return type === 'removeRules' || type === 'replaceRules' || type === 'removeDirectories';
}

function addUpdate(grants: PermissionGrants, update: PermissionUpdate): PermissionGrants {
  switch (update.type) {
    case 'addRules':
    case 'replaceRules':
    case 'removeRules':
      return { ...grants, [update.behavior]: addRules(grants[update.behavior], update) };
    case 'addDirectories': {
      const directories = [...new Set([...grants.directories, ...update.directories])];
      return { ...grants, directories };
    }
    case 'removeDirectories': {
      const directories = grants.directories.filter((path) => !update.directories.includes(path));
      return { ...grants, directories };
    }
    case 'setMode':
      return grants;
    default:
      return update satisfies never;
  }
}

function addRules(
  before: readonly PermissionRule[],
  { type, rules }: RuleUpdate,
): readonly PermissionRule[] {
  const keys = new Set(rules.map(keyOf));
  const others = type === 'replaceRules' ? [] : before.filter((rule) => !keys.has(keyOf(rule)));
  if (type === 'removeRules') return others;
  return [...others, ...new Map(rules.map((rule) => [keyOf(rule), rule])).values()];
}

function keyOf({ toolName, ruleContent }: PermissionRule): string {
  return JSON.stringify([toolName, ruleContent ?? null]);
}
