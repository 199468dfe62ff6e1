import assert from 'node:assert/strict';
import {
  append,
  assertRecord,
  assertSame,
  type Cases,
  createSession,
  HARD_TEXT,
  sampleEvents,
  sampleRecord,
} from './fixtures.js';

/** Guarantees about text: it is returned unchanged, whatever it contains. */
export const textCases: Cases = [
  [
    'data with NUL, lone surrogates and other planes is returned unchanged, also after a restart',
    async ({ provider, reopen }) => {
      const id = await createSession(provider);
      const events = sampleEvents(1, 2, HARD_TEXT);
      await append(provider, id, events);
      assertSame(await provider.events.read(id, 0, 10), events);
      if (reopen) assertSame(await (await reopen()).events.read(id, 0, 10), events);
    },
  ],
  [
    'data keeps its exact text, also of numbers that a database would normalize',
    async ({ provider }) => {
      const id = await createSession(provider);
      const data = '{"big":12345678901234567890,"b":1.10,"a":[1e400,-0],"b":2,"é":"\\u00e9"}';
      await append(provider, id, [{ seq: 1, name: 'result', data }]);
      assert.equal((await provider.events.read(id, 0, 1))[0]?.data, data);
    },
  ],
  [
    'data of a megabyte is returned complete',
    async ({ provider }) => {
      const id = await createSession(provider);
      const events = sampleEvents(1, 3, 'é😀x'.repeat(180_000));
      assert.ok(Buffer.byteLength(events[0]?.data ?? '') > 1_000_000);
      await append(provider, id, events);
      assertSame(await provider.events.read(id, 0, 3), events);
    },
  ],
  [
    'keys that differ only in a lone surrogate or a NUL are different keys',
    async ({ provider, reopen }) => {
      const id = await createSession(provider);
      const taken = ['\ud800', 'a\u0000b', HARD_TEXT, '', 'k'.repeat(300)];
      const free = ['\ud801', '\ufffd', 'a', 'a\u0000', 'ab', ' ', 'k'.repeat(299)];
      await append(provider, id, sampleEvents(1, 1), { keys: taken });
      const check = async (events: typeof provider.events) => {
        const found = await Promise.all([...taken, ...free].map((key) => events.hasKey(id, key)));
        assertSame(found, [...taken.map(() => true), ...free.map(() => false)]);
      };
      await check(provider.events);
      if (reopen) await check((await reopen()).events);
    },
  ],
  [
    'a record with such text in its owner, configuration and key is returned unchanged',
    async ({ provider, reopen }) => {
      const base = sampleRecord();
      const config = { ...base.config, model: HARD_TEXT, cwd: `/work/${HARD_TEXT}` };
      const record = { ...base, owner: HARD_TEXT, config };
      await provider.records.create(record, HARD_TEXT);
      await provider.records.create(sampleRecord({ owner: '\ud800' }), HARD_TEXT);
      const { records } = reopen ? await reopen() : provider;
      assertRecord(await records.get(record.id), record);
      const [listed, ...others] = await records.list(HARD_TEXT, 10, null);
      assertRecord(listed, record);
      assert.equal(others.length, 0);
      assert.equal(await records.count('\ud800'), 1);
      assert.equal(await records.count('\ud801'), 0);
      assert.equal(await records.count('\ufffd'), 0);
      const repeated = await records.create(sampleRecord({ owner: HARD_TEXT }), HARD_TEXT);
      assert.equal(repeated.id, record.id);
    },
  ],
];
