import type { CreationCursor, RecordCursor } from '../../engine/storage.js';

/** Orders records by their creation, the newest first, and by id at equal times. */
export function byNewest(a: CreationCursor, b: CreationCursor): number {
  return byNewestTime(a.createdAt, b.createdAt) || byId(a, b);
}

/** Orders by id at equal times, so that the end of a page is a unique position. */
export function byNewestActivity(a: RecordCursor, b: RecordCursor): number {
  return byNewestTime(a.lastActivityAt, b.lastActivityAt) || byId(a, b);
}

export function byId(a: { id: string }, b: { id: string }): number {
  return a.id < b.id ? -1 : Number(a.id > b.id);
}

function byNewestTime(a: Date, b: Date): number {
  return b.getTime() - a.getTime();
}
