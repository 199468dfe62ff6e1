/** A part of a code, with the name of its kind, such as `keyword`; empty for other text. */
export interface Token {
  readonly text: string;
  readonly kind: string;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#x27;': "'",
};

/**
 * Reads the markup of highlight.js, so that the page can create elements of it: nothing is ever parsed as HTML. A
 * token has the innermost kind.
 */
export function readMarkup(markup: string): readonly Token[] {
  const tokens: Token[] = [];
  const kinds: string[] = [];
  for (const [part, opened, closed, text] of markup.matchAll(PARTS)) {
    if (opened !== undefined) kinds.push(kindOf(opened));
    else if (closed !== undefined) kinds.pop();
    else
      tokens.push({
        text: decode(text ?? part),
        kind: kinds.findLast((kind) => kind !== '') ?? '',
      });
  }
  return tokens;
}

const PARTS = /<span class="([^"]*)">|(<\/span>)|([^<]+)/g;

function kindOf(classes: string): string {
  return /hljs-([\w-]+)/.exec(classes)?.[1] ?? '';
}

function decode(text: string): string {
  return text.replace(/&(?:amp|lt|gt|quot|#x27);/g, (entity) => ENTITIES[entity] ?? entity);
}
