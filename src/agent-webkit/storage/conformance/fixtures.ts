import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type {
  EventAppend,
  LogSummary,
  SessionRecord,
  StorageProvider,
} from '../../engine/storage.js';
import type { SessionEvent } from '../../engine/session-event.js';
import { EMPTY_LOG, FencedError } from '../../engine/storage.js';
import type { ConformanceCase, ConformanceSubject } from './conformance-case.js';

/** The body of a case, which checks one guarantee on an empty storage. */
export type CaseBody = (subject: ConformanceSubject) => Promise<void>;

/** Cases by their names. */
export type Cases = readonly (readonly [name: string, body: CaseBody])[];

/** Text that drivers and databases tend to change: NUL, lone surrogates, separators, other planes. */
export const HARD_TEXT = 'nul \u0000, halves \ud83d and \ude00, lines \u2028\n, pair 😀, é, ﷺ, "\\';

/** The status of a server without agents. */
export const IDLE = { freeAgents: 0, isDraining: false };

/** Turns bodies into cases, each of which opens a storage and closes it. */
export function openedCases(
  cases: Cases,
  createSubject: () => Promise<ConformanceSubject>,
): ConformanceCase[] {
  return cases.map(([name, body]) => ({
    name,
    run: async () => {
      const subject = await createSubject();
      try {
        await body(await started(subject));
      } finally {
        await subject.close();
      }
    },
  }));
}

/** Takes the lease of the subject's server, and ends it before each restart, as the engine does. */
async function started(subject: ConformanceSubject): Promise<ConformanceSubject> {
  const { provider, reopen } = subject;
  await provider.cluster?.renew(IDLE);
  if (!reopen) return subject;
  let current = provider;
  return {
    ...subject,
    reopen: async () => {
      await current.cluster?.leave();
      current = await reopen();
      await current.cluster?.renew(IDLE);
      return current;
    },
  };
}

export function sampleRecord(values: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id: randomUUID(),
    owner: 'alice',
    config: {
      model: null,
      permissionMode: 'default',
      cwd: '/work',
      includePartialMessages: true,
    },
    epoch: 1,
    createdAt: new Date('2026-01-01T00:00:00.001Z'),
    lastActivityAt: new Date('2026-01-01T00:00:00.001Z'),
    log: EMPTY_LOG,
    ...values,
  };
}

/** Creates a session and returns its id. */
export async function createSession(
  provider: StorageProvider,
  values: Partial<SessionRecord> = {},
): Promise<string> {
  const { id } = await provider.records.create(sampleRecord(values), null);
  return id;
}

export function idsOf(records: readonly SessionRecord[]): string[] {
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

/** Appends at epoch 1, without keys and not unfinished, unless the options say otherwise. */
export async function append(
  provider: StorageProvider,
  sessionId: string,
  events: readonly SessionEvent[],
  values: Partial<EventAppend> = {},
): Promise<void> {
  await provider.events.append({
    sessionId,
    epoch: 1,
    events,
    keys: [],
    isUnfinished: false,
    summary: { firstSeq: 1, costUsd: 0 },
    ...values,
  });
}

/** Takes a session over. Returns its epoch from then on. */
export async function claim(provider: StorageProvider, sessionId: string): Promise<number> {
  const record = await provider.records.claim(sessionId);
  assert.ok(record);
  return record.epoch;
}

/** Returns the seqs of all events of a session. */
export async function storedSeqs(provider: StorageProvider, sessionId: string): Promise<number[]> {
  const events = await provider.events.read(sessionId, 0, 10_000);
  return events.map(({ seq }) => seq);
}

export async function rejectsAsFenced(appending: Promise<void>): Promise<void> {
  await assert.rejects(appending, (error) => error instanceof FencedError);
}

/** Asserts that the append is rejected because its events do not follow the stored ones. */
export async function rejectsAsGap(appending: Promise<void>): Promise<void> {
  await assert.rejects(appending, (error) => error instanceof RangeError);
}

export function isFenced(error: unknown): boolean {
  return error instanceof FencedError;
}

/** Asserts that the records are equal, except for what only storages with a `cluster` have. */
export function assertRecord(
  actual: SessionRecord | null | undefined,
  expected: SessionRecord | null,
): void {
  assertSame(withoutCluster(actual), withoutCluster(expected));
}

/** Asserts that the summaries are equal, except for what only storages with a `cluster` have. */
export function assertLog(actual: LogSummary | undefined, expected: LogSummary): void {
  assertSame({ ...actual, status: null }, { ...expected, status: null });
}

function withoutCluster(record: SessionRecord | null | undefined): SessionRecord | null {
  return record ? { ...record, server: null, log: { ...record.log, status: null } } : null;
}

/**
 * Asserts that the values are equal as JSON. It ignores prototypes, because in some test runners they
 * differ from those of `structuredClone`.
 */
export function assertSame(actual: unknown, expected: unknown): void {
  assert.deepEqual(plain(actual), plain(expected));
}

function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
