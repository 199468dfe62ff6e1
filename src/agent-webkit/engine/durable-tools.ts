/**
 * The tools whose calls always need a person, and whose requests may wait for ever: names, in which `*` stands for
 * any text, or a function of the tool and its input.
 */
export type DurableTools =
  readonly string[] | ((toolName: string, input: Readonly<Record<string, unknown>>) => boolean);

/** Returns true for a call of a durable tool. */
export type IsDurable = (toolName: string, input: Record<string, unknown>) => boolean;

/** Returns the function for durable tools; null when there are none. */
export function durableTools(tools: DurableTools): IsDurable | null {
  if (typeof tools === 'function') {
    // A function of the host may be in JavaScript. A call about which it fails needs a person.
    return (toolName, input) => {
      try {
        return (tools(toolName, structuredClone(input)) as unknown) !== false;
      } catch {
        return true;
      }
    };
  }
  if (tools.length === 0) return null;
  const patterns = tools.map(toPattern);
  return (toolName) => patterns.some((pattern) => pattern.test(toolName));
}

function toPattern(name: string): RegExp {
  const parts = name.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}
