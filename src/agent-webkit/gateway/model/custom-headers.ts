import { validateHeaderName, validateHeaderValue } from 'node:http';
import { UnsupportedCredentialsError } from './provider.js';

/** Headers that describe a connection or a body, which are the gateway's. */
const OWN =
  /^(?:connection|content-length|content-encoding|content-type|expect|host|keep-alive|te|trailer|transfer-encoding|upgrade)$/;

/**
 * Reads `ANTHROPIC_CUSTOM_HEADERS`: one header in each line, `Name: value`.
 *
 * @throws UnsupportedCredentialsError when a line is no header. The message does not contain it
 */
export function readCustomHeaders(text: string | undefined): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [index, line] of (text ?? '').split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const at = line.indexOf(':');
    const name = line.slice(0, Math.max(at, 0)).trim().toLowerCase();
    const value = line.slice(at + 1).trim();
    if (at < 1 || !isHeader(name, value) || OWN.test(name)) {
      throw new UnsupportedCredentialsError(
        `Line ${index + 1} of ANTHROPIC_CUSTOM_HEADERS must be a header such as "Name: value".`,
      );
    }
    headers[name] = value;
  }
  return headers;
}

function isHeader(name: string, value: string): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    // The message contains the value.
    return false;
  }
}
