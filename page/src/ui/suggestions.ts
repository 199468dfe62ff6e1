type Suggestion = Record<string, unknown>;

/**
 * What the agent suggests to allow for good, kept for this session. The server refuses to let a
 * client write the machine's settings files, which is where the suggestions would have it.
 */
export function forThisSession(suggestions: unknown): Suggestion[] {
  if (!Array.isArray(suggestions)) return [];
  return suggestions
    .filter((item): item is Suggestion => typeof item === 'object' && item !== null)
    .map((item) => ({ ...item, destination: 'session' }));
}

/** A suggestion in words. */
export function describeSuggestion(suggestion: Suggestion): string {
  const { type, rules, directories, mode, behavior } = suggestion;
  if (Array.isArray(rules)) return `${String(behavior)} ${rules.map(describeRule).join(', ')}`;
  if (Array.isArray(directories)) {
    const verb = type === 'removeDirectories' ? 'leave' : 'work in';
    return `${verb} ${directories.map(String).join(', ')}`;
  }
  if (typeof mode === 'string') return `switch to the mode ${mode}`;
  return String(type);
}

function describeRule(rule: unknown): string {
  const { toolName, ruleContent } = rule as Record<string, unknown>;
  return typeof ruleContent === 'string' ? `${String(toolName)}(${ruleContent})` : String(toolName);
}
