import { UnsupportedCredentialsError } from './provider.js';

/**
 * Reads the address of a model's provider from a variable.
 *
 * @throws UnsupportedCredentialsError when it is no such address
 */
export function readBaseUrl(variable: string, value: string): URL {
  const url = URL.canParse(value) ? new URL(value) : null;
  const isUsable =
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    url.username === '' &&
    url.password === '' &&
    url.search === '' &&
    url.hash === '';
  if (isUsable) return url;
  throw new UnsupportedCredentialsError(
    `${variable} must be an http or https address without a user name, a query or a fragment.`,
  );
}

/** Returns the address of a path below a base. The path begins with a slash. */
export function below(base: URL, path: string): URL {
  return new URL(`${base.origin}${base.pathname.replace(/\/+$/, '')}${path}`);
}

/** Returns the text that a segment of a path encodes; null when it is no encoding. */
export function decodeSegment(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    // Malformed.
    return null;
  }
}
