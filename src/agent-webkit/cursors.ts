import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { InvalidRequestError } from './engine/errors.js';
import type { RecordCursor } from './engine/storage.js';

interface RequestWithQuery {
  headers: Record<string, unknown>;
  query: Record<string, unknown>;
}

/**
 * After which event a stream goes on: the header Last-Event-ID, or the query `last_event_id`, which a
 * browser's EventSource needs for its first request. Without either, from the beginning.
 */
export const LastEventId = createParamDecorator((_: unknown, context: ExecutionContext): number => {
  const cursor = readLastEventId(context);
  if (cursor !== null) return cursor;
  throw new InvalidRequestError('Last-Event-ID: must be an integer of at least 0.');
});

/** Null where it is none. */
export function readLastEventId(context: ExecutionContext): number | null {
  const { headers, query } = context.switchToHttp().getRequest<RequestWithQuery>();
  const sent = headers['last-event-id'] ?? query['last_event_id'] ?? '0';
  return typeof sent === 'string' && /^\d{1,15}$/.test(sent) ? Number(sent) : null;
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
