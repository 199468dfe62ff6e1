/** Returns the value of the first name, in which `*` stands for any text, that is the name of a tool. */
export function firstMatch<Value>(
  byTool: Readonly<Record<string, Value>>,
  toolName: string,
): Value | undefined {
  return Object.entries(byTool).find(([name]) => matches(name, toolName))?.[1];
}

/** Returns true when a name in which `*` stands for any text is the name of a tool. */
function matches(name: string, toolName: string): boolean {
  const [first = '', ...others] = name.split('*');
  const last = others.pop();
  if (last === undefined) return name === toolName;
  if (!toolName.startsWith(first)) return false;
  let from = first.length;
  for (const part of others) {
    const at = toolName.indexOf(part, from);
    if (at === -1) return false;
    from = at + part.length;
  }
  return toolName.length - last.length >= from && toolName.endsWith(last);
}
