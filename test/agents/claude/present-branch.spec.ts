import { describe, expect, it } from '@jest/globals';
import type { SessionKey, SessionStore, SessionStoreEntry } from '@anthropic-ai/claude-agent-sdk';
import * as fc from 'fast-check';
import {
  hasTurn,
  presentBranch,
  withoutReplaced,
} from '../../../src/agent-webkit/agents/claude/present-branch.js';

/** Writes entries as Claude Code does: the result of each parallel call follows its own call. */
class Transcript {
  readonly entries: SessionStoreEntry[] = [];
  /** The ids of the entries of each turn that the agent remembers. */
  turns: { id: string; entries: string[] }[] = [];
  replaced = 'none';

  /** @param calls how many calls the agent makes at once */
  turn(calls: number): void {
    const parent = this.turns.at(-1)?.entries.at(-1) ?? null;
    const id = this.#write('user', parent, 'go');
    const written = [id];
    let last = id;
    const results: string[] = [];
    for (let call = 0; call < calls; call += 1) {
      last = this.#write('assistant', last, [{ type: 'tool_use', id: `${id} ${call}` }]);
      written.push(last);
      results.push(
        this.#write('user', last, [{ type: 'tool_result', tool_use_id: `${id} ${call}` }]),
      );
    }
    const answer = this.#write('assistant', results.at(-1) ?? last, [{ type: 'text' }]);
    this.turns.push({ id, entries: [...written, ...results, answer] });
    this.entries.push({ type: 'last-prompt', leafUuid: answer });
  }

  /** Replaces a turn, whose message the next one replaces. */
  rewind(index: number): void {
    this.replaced = this.turns[index]?.id ?? 'none';
    this.turns = this.turns.slice(0, index);
  }

  get remembered(): string[] {
    return this.turns.flatMap(({ entries }) => entries).sort();
  }

  #write(type: string, parentUuid: string | null, content: unknown): string {
    const uuid = `e${String(this.entries.length).padStart(4, '0')}`;
    this.entries.push({ type, uuid, parentUuid, isSidechain: false, message: { content } });
    return uuid;
  }
}

const idsOf = (entries: readonly SessionStoreEntry[]) =>
  entries.flatMap(({ uuid }) => uuid ?? []).sort();

describe('The present branch of a conversation', () => {
  it('is what a person has not replaced, whatever was replaced before, and before and after the next message', () => {
    const steps = fc.array(fc.record({ calls: fc.nat(3), rewindTo: fc.option(fc.nat(5)) }), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(steps, (taken) => {
        const transcript = new Transcript();
        for (const { calls, rewindTo } of taken) {
          if (rewindTo !== null && rewindTo < transcript.turns.length) {
            transcript.rewind(rewindTo);
            const before = presentBranch(transcript.entries, transcript.replaced);
            expect(idsOf(before)).toEqual(transcript.remembered);
          }
          transcript.turn(calls);
          const present = presentBranch(transcript.entries, transcript.replaced);
          expect(idsOf(present)).toEqual(transcript.remembered);
          const pointers = present.flatMap(({ leafUuid }) => leafUuid ?? []);
          expect(transcript.remembered).toEqual(expect.arrayContaining(pointers));
        }
      }),
    );
  });

  it('goes on before a compaction, but no message there can be replaced', async () => {
    const entries: SessionStoreEntry[] = [
      { type: 'user', uuid: 'a', parentUuid: null, message: { content: 'old' } },
      { type: 'system', uuid: 'b', parentUuid: null, logicalParentUuid: 'a' },
      { type: 'user', uuid: 'c', parentUuid: 'b', message: { content: 'new' } },
    ];
    expect(idsOf(presentBranch(entries, 'none'))).toEqual(['a', 'b', 'c']);
    expect(idsOf(presentBranch(entries, 'c'))).toEqual(['a', 'b']);
    expect(idsOf(presentBranch(entries, 'a'))).toEqual(['a', 'b', 'c']);
    const transcripts = storeOf(entries);
    const found = ['a', 'c', 'd'].map((id) =>
      hasTurn({ sessionId: ID, conversationId: ID, cwd: '/', transcripts }, id),
    );
    expect(await Promise.all(found)).toEqual([false, true, false]);
    const conversation = { sessionId: ID, conversationId: ID, cwd: '/', transcripts };
    expect(await hasTurn(conversation, 'c', 'c')).toBe(false);
  });

  it('ends also when entries follow each other in a circle', () => {
    const entries: SessionStoreEntry[] = [
      { type: 'user', uuid: 'a', parentUuid: 'b' },
      { type: 'assistant', uuid: 'b', parentUuid: 'a' },
    ];
    expect(idsOf(presentBranch(entries, 'none'))).toEqual(['a', 'b']);
  });

  it('is that of the conversation alone, and none when its first message was replaced', async () => {
    const first: SessionStoreEntry = { type: 'user', uuid: 'a', parentUuid: null };
    const store = withoutReplaced(storeOf([first]), ID, 'a');
    expect(await store.load({ projectKey: 'p', sessionId: ID })).toBeNull();
    const ofAgent: SessionKey = { projectKey: 'p', sessionId: ID, subpath: 'subagents/a' };
    expect(await store.load(ofAgent)).toEqual([first]);
    expect(await store.load({ projectKey: 'p', sessionId: 'another' })).toEqual([first]);
  });
});

const ID = '0b7a64d0-1f2c-4b9c-9d34-0d5e0f7f8a10';

function storeOf(entries: SessionStoreEntry[]): SessionStore {
  return { append: async () => undefined, load: async () => entries };
}
