import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  type Appended,
  GroupCommit,
} from '../../../src/agent-webkit/engine/event-log/group-commit.js';
import type { SessionEvent } from '../../../src/agent-webkit/engine/session-event.js';
import {
  type EventAppend,
  FencedError,
  UnstorableError,
} from '../../../src/agent-webkit/engine/storage.js';
import { settle } from '../../support/session-bench.js';

const appended = (seq: number): Appended => ({
  event: { seq, name: 'done', data: '{}' },
  wire: { event: 'done', data: {} },
});
const createAppend = (group: readonly Appended[], keys: readonly string[]): EventAppend => ({
  sessionId: 's',
  epoch: 1,
  events: group.map(({ event }) => event),
  keys,
  isUnfinished: false,
  summary: { firstSeq: 1, costUsd: 0 },
});
const seqs = (events: readonly SessionEvent[]) => events.map(({ seq }) => seq);

/** A write that completes at once, or when the test completes it. */
class Writer {
  readonly written: number[][] = [];
  #settle: { resolve: () => void; reject: (error: Error) => void } | null = null;
  isDoneAtOnce = false;

  readonly write = ({ events }: EventAppend): void | Promise<void> => {
    expect(this.#settle).toBeNull();
    this.written.push(seqs(events));
    if (this.isDoneAtOnce) return;
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  };

  async finish(error?: Error): Promise<void> {
    const settling = this.#settle;
    this.#settle = null;
    if (error) settling?.reject(error);
    else settling?.resolve();
    await settle(1);
  }
}

describe('a group commit', () => {
  it('writes in order and one group at a time, also events appended during a commit', async () => {
    const step = fc.constantFrom('commit', 'finish', 'at once', 'later');
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.array(fc.nat(40), { maxLength: 10 }),
        async (steps, echoing) => {
          const writer = new Writer();
          const committed: number[] = [];
          let seq = 0;
          const echoes = new Set(echoing);
          const commits = new GroupCommit({
            createAppend,
            write: writer.write,
            onCommitted: (group) => {
              const written = seqs(group.map(({ event }) => event));
              committed.push(...written);
              // Some events cause another append.
              if (written.some((one) => echoes.delete(one))) {
                void commits.commit([appended((seq += 1))]);
              }
            },
            onFailure: () => new Error('failed'),
          });
          for (const kind of steps) {
            if (kind === 'commit') void commits.commit([appended((seq += 1))]);
            if (kind === 'at once' || kind === 'later') writer.isDoneAtOnce = kind === 'at once';
            // oxlint-disable-next-line no-await-in-loop -- steps come one after the other
            if (kind === 'finish') await writer.finish();
          }
          // oxlint-disable-next-line no-await-in-loop -- one write after the other
          while (committed.length < seq) await writer.finish();
          const all = Array.from({ length: seq }, (_, index) => index + 1);
          expect(writer.written.flat()).toEqual(all);
          expect(committed).toEqual(all);
        },
      ),
      { interruptAfterTimeLimit: 15_000 },
    );
  });

  it('fails once when it is fenced, and rejects gathered and later events with the same error', async () => {
    const writer = new Writer();
    const failure = new Error('failed');
    const causes: unknown[] = [];
    const commits = new GroupCommit({
      createAppend,
      write: writer.write,
      onCommitted: () => expect('nothing').toBe('committed'),
      onFailure: (cause) => {
        causes.push(cause);
        return failure;
      },
    });
    const first = commits.commit([appended(1)]);
    const gathered = commits.commit([appended(2)]);
    const cause = new FencedError('s');
    await writer.finish(cause);
    await expect(first).rejects.toBe(failure);
    await expect(gathered).rejects.toBe(failure);
    await expect(commits.commit([appended(3)])).rejects.toBe(failure);
    expect(causes).toEqual([cause]);
    expect(writer.written).toEqual([[1]]);
  });

  it('does not retry events that can never be stored, and rejects the request for a single one', async () => {
    const { commits, writer, causes, failure } = createFailing();
    const sole = commits.commit([appended(1), appended(2)]);
    const gathered = commits.commit([appended(3)]);
    const cause = new UnstorableError('out of range');
    await writer.finish(cause);
    await expect(sole).rejects.toMatchObject({ code: 'not_storable', cause });
    await expect(gathered).rejects.toBe(failure);
    await expect(commits.commit([appended(4)])).rejects.toBe(failure);
    expect(causes).toEqual([cause]);
    expect(writer.written).toEqual([[1, 2]]);
  });

  it('blames no request for one of several events that can never be stored', async () => {
    const { commits, writer, failure } = createFailing();
    const first = commits.commit([appended(1)]);
    const gathered = [commits.commit([appended(2)]), commits.commit([appended(3)])];
    await writer.finish();
    await first;
    await writer.finish(new UnstorableError('out of range'));
    await expect(gathered[0]).rejects.toBe(failure);
    await expect(gathered[1]).rejects.toBe(failure);
    expect(writer.written).toEqual([[1], [2, 3]]);
  });
});

function createFailing() {
  const writer = new Writer();
  const failure = new Error('The log has failed.');
  const causes: unknown[] = [];
  const commits = new GroupCommit({
    createAppend,
    write: writer.write,
    onCommitted: () => undefined,
    onFailure: (cause) => {
      causes.push(cause);
      return failure;
    },
  });
  return { commits, writer, causes, failure };
}
