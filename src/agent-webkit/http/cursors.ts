import { InvalidRequestError } from '../engine/errors.js';
import type { ListPosition } from '../engine/registry/session-page.js';
import type { CreationCursor, RequestCursor } from '../engine/storage.js';

/** The largest number that each storage can compare with a seq. */
const MAX_SEQ = 2 ** 31 - 1;

/** The parts of a request that may carry a cursor. */
export interface RequestWithCursor {
  headers: Record<string, unknown>;
  query: Record<string, unknown>;
}

/**
 * Returns the id of the last event that the client has received: the header Last-Event-ID, or the
 * query `last_event_id`, which a browser's EventSource needs for its first request. Without either,
 * returns 0, and the stream begins with the oldest event.
 */
export function readLastEventId({ headers, query }: RequestWithCursor): number {
  const sent = headers['last-event-id'] ?? query['last_event_id'] ?? '0';
  const id = typeof sent === 'string' && /^\d{1,16}$/.test(sent) ? Number(sent) : NaN;
  if (Number.isSafeInteger(id)) return id;
  throw new InvalidRequestError(
    `Last-Event-ID: must be an integer from 0 to 2^53 - 1, but got ${excerpt(sent)}.`,
  );
}

/**
 * Returns the position that a client of a stream of several sessions has received, as {@link readLastEventId} does;
 * null without one. The registry checks it.
 */
export function readJointCursor({ headers, query }: RequestWithCursor): string | null {
  const sent = headers['last-event-id'] ?? query['last_event_id'] ?? '';
  if (typeof sent === 'string') return sent === '' ? null : sent;
  throw new InvalidRequestError(`last_event_id: must be one text, but got ${excerpt(sent)}.`);
}

const SESSION_ID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/**
 * Returns the ids in the query `sessions`, separated by commas; null without it.
 *
 * @param max how many there may be
 */
export function readSessionIds(
  { query }: Pick<RequestWithCursor, 'query'>,
  max: number,
): string[] | null {
  const sent = query['sessions'];
  if (sent === undefined) return null;
  const ids = typeof sent === 'string' ? sent.split(',').map((id) => id.trim().toLowerCase()) : [];
  if (ids.length <= max && ids.length > 0 && ids.every((id) => SESSION_ID.test(id))) return ids;
  throw new InvalidRequestError(
    `sessions: must be 1 to ${max} ids of sessions, separated by commas, but got ${excerpt(sent)}.`,
  );
}

/** Returns the first characters of a received value, quoted, for an error message. */
function excerpt(received: unknown): string {
  return JSON.stringify(String(received).slice(0, 40));
}

/** Encodes the position at which a page of sessions ended. The text is opaque to clients. */
export function encodeCursor(position: ListPosition): string {
  if ('createdAt' in position) {
    return Buffer.from(`c ${position.createdAt.getTime()} ${position.id}`).toString('base64url');
  }
  const { since, lastActivityAt, id } = position;
  const at = lastActivityAt?.getTime() ?? '-';
  return Buffer.from(`${since.getTime()} ${at} ${id}`).toString('base64url');
}

/** Decodes the result of {@link encodeCursor}. */
export function decodeCursor(cursor: string): ListPosition {
  const text = Buffer.from(cursor, 'base64url').toString();
  const [, createdAt, created] = /^c (\d{1,14}) (\S+)$/.exec(text) ?? [];
  if (created !== undefined) return { createdAt: new Date(Number(createdAt)), id: created };
  const [, since, at, id] = /^(\d{1,14}) (\d{1,14}|-) (\S+)$/.exec(text) ?? [];
  if (since === undefined || at === undefined || id === undefined) {
    throw unknownCursor(cursor);
  }
  return {
    since: new Date(Number(since)),
    lastActivityAt: at === '-' ? null : new Date(Number(at)),
    id,
  };
}

/** Decodes the result of {@link encodeCursor} for a listing in the order of creation. */
export function decodeCreationCursor(cursor: string): CreationCursor {
  const position = decodeCursor(cursor);
  if ('createdAt' in position) return position;
  throw unknownCursor(cursor);
}

/** Encodes the position at which a page of open requests ended. The text is opaque to clients. */
export function encodeRequestCursor({ openedAt, sessionId, seq }: RequestCursor): string {
  return Buffer.from(`r ${openedAt.getTime()} ${seq} ${sessionId}`).toString('base64url');
}

/** Decodes the result of {@link encodeRequestCursor}. */
export function decodeRequestCursor(cursor: string): RequestCursor {
  const text = Buffer.from(cursor, 'base64url').toString();
  const [, openedAt, seq, sessionId] = /^r (\d{1,14}) (\d{1,10}) ([0-9a-f-]{36})$/.exec(text) ?? [];
  if (sessionId === undefined || Number(seq) > MAX_SEQ) throw unknownCursor(cursor);
  return { openedAt: new Date(Number(openedAt)), sessionId, seq: Number(seq) };
}

function unknownCursor(cursor: string): InvalidRequestError {
  return new InvalidRequestError(
    `cursor: must be the next_cursor of an earlier response, but got ${excerpt(cursor)}.`,
  );
}
