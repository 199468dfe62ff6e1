/**
 * Returns the value of a JSON text that can end anywhere: the complete values, and the beginning of a text. A name without a
 * value, and a number or a word that may go on, are left out. Undefined while there is no value, and for a text that is not JSON.
 */
export function parsePartialJson(text: string): unknown {
  const whole = tryParse(text);
  return whole === undefined ? tryParse(completed(text)) : whole;
}

/** Returns the longest beginning of the text that closing brackets and a quote can complete, with these. */
function completed(text: string): string {
  /** The brackets that close what is open, the outermost first. */
  const open: string[] = [];
  /** The end of the part that is kept. What is open there is open at the end, too. */
  let end = 0;
  let isInText = false;
  let isName = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? '';
    if (isInText) {
      const length = char === '\\' ? escapeLength(text, at) : 1;
      if (at + length > text.length) break;
      at += length - 1;
      if (char === '"') isInText = false;
      if (!isName) end = at + 1;
    } else if (char === '"') {
      isInText = true;
      if (!isName) end = at + 1;
    } else if (char === '{' || char === '[') {
      open.push(char === '{' ? '}' : ']');
      isName = char === '{';
      end = at + 1;
    } else if (char === '}' || char === ']') {
      open.pop();
      end = at + 1;
    } else if (char === ',') {
      end = at;
      isName = open.at(-1) === '}';
    } else if (char === ':') isName = false;
  }
  const quote = isInText && !isName ? '"' : '';
  return text.slice(0, end) + quote + open.reduceRight((all, one) => all + one, '');
}

/** The length of an escape sequence in a text, which begins with a backslash. */
function escapeLength(text: string, at: number): number {
  return text[at + 1] === 'u' ? 6 : 2;
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // The text ends too early, or is not JSON.
  }
}
