import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SessionKey, SessionStoreEntry } from '@anthropic-ai/claude-agent-sdk';
import { DurableTranscripts } from '../../../src/agent-webkit/engine/agent/durable-transcripts.js';
import { MemoryTranscripts } from '../../../src/agent-webkit/storage/memory/memory-transcripts.js';
import { eventually } from '../../support/eventually.js';

const key: SessionKey = { projectKey: 'p', sessionId: 's' };
const entry = (text: string): SessionStoreEntry => ({ type: 'user', text });

/** A store that fails until the test repairs it. */
class AwayTranscripts extends MemoryTranscripts {
  isAway = true;
  /** The number of calls that were rejected. */
  rejections = 0;

  override append(of: SessionKey, entries: SessionStoreEntry[]): Promise<void> {
    return this.isAway ? this.#reject() : super.append(of, entries);
  }

  override load(of: SessionKey): Promise<SessionStoreEntry[] | null> {
    return this.isAway ? this.#reject() : super.load(of);
  }

  #reject(): Promise<never> {
    this.rejections += 1;
    return Promise.reject(new Error('away'));
  }
}

describe('durable transcripts while the storage is down', () => {
  let store: AwayTranscripts;
  let transcripts: DurableTranscripts;
  beforeEach(() => {
    store = new AwayTranscripts();
    transcripts = new DurableTranscripts('s', 1, store);
  });
  afterEach(() => transcripts.stop());
  const hasTroubles = (count: number) =>
    eventually(
      () => store.rejections,
      (seen) => seen >= count,
    );

  it('are written in order when the storage is back, however long that takes', async () => {
    const written = Promise.all([
      transcripts.append(key, [entry('one')]),
      transcripts.append(key, [entry('two')]),
    ]);
    // The SDK itself would have dropped the entries after three attempts.
    await hasTroubles(4);
    store.isAway = false;
    await written;
    expect(await store.load(key)).toEqual([entry('one'), entry('two')]);
  });

  it('are loaded only when everything is written', async () => {
    void transcripts.append(key, [entry('one')]);
    const loaded = transcripts.load(key);
    await hasTroubles(1);
    store.isAway = false;
    expect(await loaded).toEqual([entry('one')]);
  });

  it('are not retried after the session has ended', async () => {
    const written = transcripts.append(key, [entry('one')]);
    transcripts.stop();
    await expect(written).rejects.toThrow('away');
    await expect(transcripts.append(key, [entry('two')])).rejects.toThrow('away');
  });
});

describe('the transcripts of a session with several conversations', () => {
  const later: SessionKey = { projectKey: 'p', sessionId: 'later' };
  const sub = { subpath: 'subagents/a' };

  it('are stored under the id of the session, and keep apart', async () => {
    const store = new MemoryTranscripts(() => 1);
    const transcripts = new DurableTranscripts('s', 1, store);
    const keys = [key, { ...key, ...sub }, later, { ...later, ...sub }];
    await Promise.all(keys.map((of, index) => transcripts.append(of, [entry(String(index))])));
    expect(await Promise.all(keys.map((of) => transcripts.load(of)))).toEqual(
      keys.map((_, index) => [entry(String(index))]),
    );
    expect(await transcripts.listSubkeys(key)).toEqual([sub.subpath]);
    expect(await transcripts.listSubkeys(later)).toEqual([sub.subpath]);
    expect(await store.load(later)).toBeNull();
    store.deleteSession('s');
    expect(await transcripts.load(later)).toBeNull();
    expect(await transcripts.load({ ...later, ...sub })).toBeNull();
  });
});
