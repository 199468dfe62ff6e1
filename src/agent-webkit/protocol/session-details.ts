import { isRecord } from './is-record.js';
import { type Shape } from './shape.js';

/** The values of a client for one session, by their names. The server stores them, and does not use them. */
export type SessionMetadata = Record<string, string | number | boolean>;

/** The source of a session's title: a client, or its first message with text. Null without a title. */
export type TitleSource = 'client' | 'message' | null;

/** The maximum length of a title, in characters. */
export const MAX_TITLE_LENGTH = 200;
/** The maximum number of values in the metadata of a session. */
const MAX_METADATA_KEYS = 50;
const MAX_METADATA_KEY_LENGTH = 64;
/** The maximum length of the metadata of a session as JSON, in characters. */
const MAX_METADATA_LENGTH = 8192;

const KEY = /^[A-Za-z][A-Za-z0-9_.:-]{0,63}$/;
const KEY_RULE = `must be a letter, then up to ${MAX_METADATA_KEY_LENGTH - 1} letters, digits and characters of _.:-`;

/** Returns a sentence that names the bound which metadata exceeds; null when it exceeds none. */
export function findExcess(metadata: object, field = 'metadata'): string | null {
  const count = Object.keys(metadata).length;
  if (count > MAX_METADATA_KEYS) {
    return `${field}: must have at most ${MAX_METADATA_KEYS} keys, but has ${count}`;
  }
  const { length } = JSON.stringify(metadata);
  return length > MAX_METADATA_LENGTH
    ? `${field}: must have at most ${MAX_METADATA_LENGTH} characters as JSON, but has ${length}`
    : null;
}

/** Metadata of a new session. */
export const METADATA: Shape = shapeOf(false);

/** A change of metadata, in which null removes a key. */
export const METADATA_CHANGE: Shape = shapeOf(true);

function shapeOf(isNullAllowed: boolean): Shape {
  const types = ['string', 'number', 'boolean', ...(isNullAllowed ? ['null'] : [])];
  const names = isNullAllowed
    ? 'a string, a number, a boolean or null'
    : 'a string, a number or a boolean';
  return {
    schema: {
      type: 'object',
      maxProperties: MAX_METADATA_KEYS,
      propertyNames: { pattern: KEY.source },
      additionalProperties: { oneOf: types.map((type) => ({ type })) },
    },
    findProblem(value, field) {
      if (!isRecord(value)) return `${field}: must be an object`;
      for (const [key, given] of Object.entries(value)) {
        if (!KEY.test(key)) {
          return `${field}: a key ${KEY_RULE}, but got ${JSON.stringify(key.slice(0, 80))}`;
        }
        const type = given === null ? 'null' : typeof given;
        if (!types.includes(type)) return `${field}.${key}: must be ${names}`;
      }
      return findExcess(value, field);
    },
  };
}
