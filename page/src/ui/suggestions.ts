type Suggestion = Record<string, unknown>;

/**
 * Limits the agent's permission suggestions to this session. By default they would be written to
 * settings files of the machine, which the server rejects.
 */
export function forThisSession(suggestions: unknown): Suggestion[] {
  if (!Array.isArray(suggestions)) return [];
  return suggestions
    .filter((item): item is Suggestion => typeof item === 'object' && item !== null)
    .map((item) => ({ ...item, destination: 'session' }));
}

const MODE_WISHES: ReadonlyMap<string, string> = new Map([
  ['default', 'ask before each action'],
  ['acceptEdits', 'accept edits without asking'],
  ['plan', 'only plan'],
  ['dontAsk', 'deny without asking'],
  ['bypassPermissions', 'allow everything without asking'],
]);

/** Describes a suggestion for the user. */
export function describeSuggestion(suggestion: Suggestion): string {
  const { type, rules, directories, mode, behavior } = suggestion;
  if (Array.isArray(rules)) return `${String(behavior)} ${rules.map(describeRule).join(', ')}`;
  if (Array.isArray(directories)) {
    const verb = type === 'removeDirectories' ? 'remove access to' : 'allow access to';
    return `${verb} ${directories.map(String).join(', ')}`;
  }
  if (typeof mode === 'string')
    return MODE_WISHES.get(mode) ?? `switch to the permission mode ${mode}`;
  return String(type);
}

function describeRule(rule: unknown): string {
  const { toolName, ruleContent } = rule as Record<string, unknown>;
  if (typeof ruleContent !== 'string') return String(toolName);
  if (toolName !== 'Bash') return `${String(toolName)}(${ruleContent})`;
  const [, beginning] = /^(.+):\*$/.exec(ruleContent) ?? [];
  return beginning === undefined
    ? `the command “${ruleContent}”`
    : `commands that begin with “${beginning}”`;
}
