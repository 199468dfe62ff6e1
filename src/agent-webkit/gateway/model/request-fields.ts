import { ApiError } from './api-error.js';
import { setImmediate } from 'node:timers/promises';
import type { CheckTime } from './check-time.js';
import { UniqueKeys } from './json-keys.js';

/** The fields that are checked. Some servers would also accept them in another case. */
const CHECKED = /^(?:fallbacks|mcp_servers|messages|model|system|tools)$/;

/** How much of a body is read at once, in bytes. */
const SLICE = 256 * 1024;

/** The fields of a request to a model. */
export type RequestFields = Readonly<Record<string, unknown>>;

/**
 * Reads the body of a request, which must mean the same to every parser.
 *
 * @throws ApiError for a body that does not
 */
export async function readFields(body: Buffer, time: CheckTime): Promise<RequestFields> {
  const keys = new UniqueKeys(body);
  const read = () => time.measure(() => keys.read(SLICE));
  for (let areUnique = read(); areUnique !== true; areUnique = read()) {
    if (areUnique === false) throw invalid('The request is too complex, or has a key twice.');
    // The server answers others in between.
    // oxlint-disable-next-line no-await-in-loop -- one slice after the other
    await setImmediate();
    time.assertLeft();
  }
  const fields = time.measure(() => parse(decode(body)));
  const other = Object.keys(fields).find(
    (key) => !CHECKED.test(key) && CHECKED.test(key.toLowerCase()),
  );
  if (other !== undefined) throw invalid('The fields of the request must be in lower case.');
  return fields;
}

export function invalid(message: string): ApiError {
  return new ApiError(400, 'invalid_request_error', message);
}

export function asFields(value: unknown): RequestFields {
  return typeof value === 'object' && value !== null ? (value as RequestFields) : {};
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function decode(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    throw invalid('The request is not valid UTF-8.');
  }
}

function parse(text: string): RequestFields {
  try {
    const parsed = JSON.parse(text) as unknown;
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) {
      return parsed as RequestFields;
    }
  } catch {
    // Answered below: the message of the error contains a part of the request.
  }
  throw invalid('The request is not a JSON object.');
}
