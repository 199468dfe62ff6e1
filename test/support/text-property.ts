import { randomBytes, randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import * as fc from 'fast-check';
import type { SessionStoreEntry } from '@anthropic-ai/claude-agent-sdk';
import {
  type SessionRecord,
  type StorageProvider,
  UnstorableError,
} from '../../src/agent-webkit/engine/storage.js';
import { append, sampleRecord } from '../../src/agent-webkit/storage/conformance/fixtures.js';

const PIECES = ['\0', '\ud800', '\udfff', '\udbff\udfff', '\ufffe', '\ufeff', '"', '\\'].concat([
  "'",
  '\\u0000',
  '{',
  '}',
  ',',
  '\n',
  '\r',
  '\u2028',
  'é',
  'e\u0301',
  '’',
  '%',
  '$1',
  '?',
  '',
]);

/** Text that no compression shortens, so that it does not fit an index of PostgreSQL. */
const long = fc.constantFrom(3000, 100_000).map((size) => randomBytes(size).toString('base64'));

const hostile = fc.oneof(
  { weight: 6, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  {
    weight: 6,
    // Each alone, and in every combination: NUL, lone surrogates, quotes, escapes, separators.
    arbitrary: fc
      .array(fc.constantFrom(...PIECES), { maxLength: 8 })
      .map((parts) => parts.join('')),
  },
  { weight: 1, arbitrary: long },
);

/**
 * Checks that every column returns the text that was stored, whatever it is, or that the storage
 * reports that it can never store it. No text leaves a call to be retried.
 */
export async function checkText(provider: StorageProvider, numRuns: number): Promise<void> {
  const values = fc.record({
    owner: hostile,
    creationKey: fc.option(hostile),
    model: hostile,
    data: hostile,
    keys: fc.array(hostile, { maxLength: 3 }),
    subpath: hostile,
    entry: hostile,
  });
  await fc.assert(
    fc.asyncProperty(values, async (text) => {
      const base = sampleRecord({ owner: text.owner });
      const record = { ...base, config: { ...base.config, model: text.model } };
      const created = await storable(provider.records.create(record, text.creationKey));
      if (!created) return;
      try {
        await checkRecord(provider, created, text);
        await checkEvents(provider, created.id, text);
        await checkTranscripts(provider, created.id, text);
      } finally {
        await provider.records.delete(created.id);
      }
    }),
    { numRuns },
  );
}

async function checkRecord(
  { records }: StorageProvider,
  { id }: SessionRecord,
  { owner, model }: { owner: string; model: string },
): Promise<void> {
  const stored = await records.get(id);
  expect(stored?.owner).toBe(owner);
  expect(stored?.config.model).toBe(model);
  expect((await records.list(owner, 10, null)).map((record) => record.id)).toEqual([id]);
  await records.update(id, 1, { config: { ...sampleRecord().config, cwd: model } });
  expect((await records.get(id))?.config.cwd).toBe(model);
}

async function checkEvents(
  provider: StorageProvider,
  id: string,
  { data, keys }: { data: string; keys: string[] },
): Promise<void> {
  // The data of an event is JSON, and its name is one of the protocol's.
  const events = [{ seq: 1, name: 'user_message', data: JSON.stringify({ data }) }];
  const isStored = await storable(append(provider, id, events, { keys }).then(() => true));
  expect(await provider.events.read(id, 0, 10)).toEqual(isStored ? events : []);
  const known = await Promise.all(keys.map((key) => provider.events.hasKey(id, key)));
  expect(known).toEqual(keys.map(() => isStored === true));
}

async function checkTranscripts(
  { transcripts }: StorageProvider,
  sessionId: string,
  { subpath, entry }: { subpath: string; entry: string },
): Promise<void> {
  const key = { projectKey: entry, sessionId, ...(subpath && { subpath }) };
  const entries: SessionStoreEntry[] = [{ type: 'user', uuid: randomUUID(), text: entry }];
  const stored = transcripts?.append(key, entries).then(() => true);
  if (!stored || !(await storable(stored))) return;
  expect(await transcripts?.load(key)).toEqual(entries);
}

/** Resolves to null when the storage can never store it. Rejects with any other error. */
async function storable<Result>(asked: Promise<Result>): Promise<Result | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof UnstorableError) return null;
    throw error;
  }
}
