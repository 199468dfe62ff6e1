/** How long a text of a notice may be, in characters. */
const MAX_TEXT = 2000;

/** The end of the SDK's sentence about an API that does not answer. */
const GATEWAY = / ?If it persists, check your inference gateway \([^)]*\)\.?/gi;

/** The patterns that a text for users must not contain, each with its replacement. */
const INTERNALS: readonly (readonly [RegExp, string])[] = [
  [GATEWAY, ''],
  [/inference gateway \([^)]*\)/gi, 'inference gateway'],
  [/\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>)\]]+/gi, '[address]'],
  [/\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b/g, '[address]'],
  [/\[[0-9a-f:]*:[0-9a-f:]*\](?::\d+)?/gi, '[address]'],
  [/\b(?:localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)+):\d{2,5}\b/gi, '[address]'],
  [/\bsk-[\w-]+/g, '[key]'],
  [/\bBearer\s+\S+/gi, '[key]'],
  [/(?<![\w.:/])(?:~|[A-Za-z]:)?(?:[/\\][^\s/\\"'<>:;,()]+){2,}/g, '[path]'],
];

/** Returns a text of the agent's program without addresses, keys and absolute paths, and not too long. */
export function forPeople(text: string): string {
  let clean = text.slice(0, MAX_TEXT);
  for (const [internal, replacement] of INTERNALS) clean = clean.replaceAll(internal, replacement);
  return clean.slice(0, MAX_TEXT);
}

/** Returns a text without the address of the API, which the SDK's sentence about a failed request contains. */
export function withoutGateway(text: string): string {
  return text.replaceAll(GATEWAY, '');
}
