import { isRecord } from '../../protocol/is-record.js';

/** Longer requests are of another kind than a question, such as a message of a user, and are not parsed for one. */
const MAX_QUESTION_LENGTH = 1000;

/** Parses the body of a message between servers. Returns null for one that is not JSON, as from another version. */
export function parseBody(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

/** Returns the value of the field that only one kind of question has, among the requests between servers; undefined for every other request. */
export function questionIn(body: string, field: string): unknown {
  const sent = body.length > MAX_QUESTION_LENGTH ? null : parseBody(body);
  return isRecord(sent) ? sent[field] : undefined;
}
