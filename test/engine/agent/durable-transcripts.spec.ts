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

  override append(of: SessionKey, entries: SessionStoreEntry[]): Promise<void> {
    return this.isAway ? Promise.reject(new Error('away')) : super.append(of, entries);
  }

  override load(of: SessionKey): Promise<SessionStoreEntry[] | null> {
    return this.isAway ? Promise.reject(new Error('away')) : super.load(of);
  }
}

describe('durable transcripts while the storage is down', () => {
  let store: AwayTranscripts;
  let troubles: unknown[];
  let transcripts: DurableTranscripts;
  beforeEach(() => {
    store = new AwayTranscripts();
    troubles = [];
    transcripts = new DurableTranscripts('s', store, (cause) => troubles.push(cause));
  });
  afterEach(() => transcripts.stop());
  const hasTroubles = (count: number) =>
    eventually(
      () => troubles.length,
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
