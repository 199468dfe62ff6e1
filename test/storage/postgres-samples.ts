import { randomUUID } from 'node:crypto';
import type { SessionEvent } from '../../src/agent-webkit/engine/session-event.js';
import {
  type EventAppend,
  EMPTY_LOG,
  type SessionRecord,
  type StorageProvider,
} from '../../src/agent-webkit/engine/storage.js';

const SUMMARY = { firstSeq: 1, costUsd: 0 };

export function sampleRecord(values: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id: randomUUID(),
    owner: 'alice',
    config: { model: null, permissionMode: 'default', cwd: '/work', includePartialMessages: true },
    epoch: 1,
    createdAt: new Date('2026-01-01T00:00:00.001Z'),
    lastActivityAt: new Date('2026-01-01T00:00:00.002Z'),
    log: EMPTY_LOG,
    ...values,
  };
}

/** Creates sessions. Returns their ids in order. */
export async function createSessions(provider: StorageProvider, count: number): Promise<string[]> {
  const records = await Promise.all(
    Array.from({ length: count }, () => provider.records.create(sampleRecord(), null)),
  );
  return records.map(({ id }) => id).sort();
}

/** Returns `count` events, the first of which has the seq `first`. */
export function sampleEvents(first: number, count: number, text = 'text'): SessionEvent[] {
  return Array.from({ length: count }, (_, index) => ({
    seq: first + index,
    name: 'text_delta',
    data: JSON.stringify({ text, seq: first + index }),
  }));
}

/** Returns an append at epoch 1 that leaves the session finished, unless the options say otherwise. */
export function sampleAppend(
  sessionId: string,
  events: readonly SessionEvent[],
  values: Partial<EventAppend> = {},
): EventAppend {
  return {
    sessionId,
    epoch: 1,
    events,
    keys: [],
    isUnfinished: false,
    summary: SUMMARY,
    ...values,
  };
}

export async function storedEvents(
  provider: StorageProvider,
  sessionId: string,
): Promise<SessionEvent[]> {
  return provider.events.read(sessionId, 0, 100_000);
}
