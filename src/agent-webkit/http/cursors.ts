import { InvalidRequestError } from '../engine/errors.js';
import type { RecordCursor } from '../engine/storage.js';

/** What a cursor is read from. */
export interface RequestWithCursor {
  headers: Record<string, unknown>;
  query: Record<string, unknown>;
}

/**
 * After which event a stream goes on: the header Last-Event-ID, or the query `last_event_id`, which a
 * browser's EventSource needs for its first request. Without either, from the beginning.
 */
export function readLastEventId({ headers, query }: RequestWithCursor): number {
  const sent = headers['last-event-id'] ?? query['last_event_id'] ?? '0';
  if (typeof sent === 'string' && /^\d{1,15}$/.test(sent)) return Number(sent);
  throw new InvalidRequestError('Last-Event-ID: must be an integer of at least 0.');
}

/** The place where a page of sessions ended, as clients carry it: opaque to them. */
export function encodeCursor({ lastActivityAt, id }: RecordCursor): string {
  return Buffer.from(`${lastActivityAt.getTime()} ${id}`).toString('base64url');
}

/** Reads what {@link encodeCursor} wrote. */
export function decodeCursor(cursor: string): RecordCursor {
  const [, at, id] = /^(\d{1,15}) (\S+)$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (at === undefined || id === undefined) {
    throw new InvalidRequestError('cursor: must be the next_cursor of an earlier answer.');
  }
  return { lastActivityAt: new Date(Number(at)), id };
}
