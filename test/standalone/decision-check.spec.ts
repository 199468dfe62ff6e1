import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { describeDecision, linkAfter } from '../../src/agent-webkit/engine/decision-record.js';
import { digestOf } from '../../src/agent-webkit/engine/digest.js';
import type { DecisionRecord } from '../../src/agent-webkit/protocol/answers.js';
import { DecisionCheck } from '../../src/standalone/decision-check.js';

type Input = Record<string, unknown>;

const AT = '2026-11-26T16:07:14.938Z';

/** Returns the decisions of a session about these inputs. The input of every second one was edited. */
function chain(inputs: readonly Input[], session = 's'): DecisionRecord[] {
  const decisions: DecisionRecord[] = [];
  for (const [index, input] of inputs.entries()) {
    const updated_input = { edited: input };
    const described = describeDecision(
      session,
      { toolName: 'Bash', input, openedAt: AT },
      {
        correlation_id: `t${index}`,
        kind: 'permission',
        outcome: 'allowed',
        by: 'ann',
        at: AT,
        input_digest: digestOf(input),
        ...(index % 2 === 1 && { updated_input, updated_input_digest: digestOf(updated_input) }),
      },
    );
    decisions.push({ ...described, ...linkAfter(decisions.at(-1) ?? null, described) });
  }
  return decisions;
}

/** Returns the number of the first wrong line and its problem; null when every line is right. */
function check(decisions: readonly object[]) {
  const checked = new DecisionCheck();
  for (const [index, decision] of decisions.entries()) {
    const problem = checked.add(JSON.stringify(decision));
    if (problem !== null) return { line: index + 1, problem };
  }
  return null;
}

const inputs = (minLength: number) =>
  fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { minLength, maxLength: 6 });

/** Decisions, and a place among them. */
const decisionsAndPlace = (minLength: number) =>
  inputs(minLength).chain((all) =>
    fc.record({
      decisions: fc.constant(chain(all)),
      at: fc.nat({ max: all.length - 1 }),
    }),
  );

describe('the check of an export of decisions', () => {
  it('finds every line right that the server wrote, also after its JSON was written anew', () => {
    fc.assert(
      fc.property(inputs(0), (all) => {
        const decisions = chain(all);
        const rewritten = decisions.map(
          (decision) => JSON.parse(JSON.stringify(decision, null, 1)) as object,
        );
        expect(check(rewritten)).toBeNull();
      }),
    );
  });

  it('finds the line of which any field was changed, or removed', () => {
    const names = Object.keys(chain([{}])[0] ?? {}) as (keyof DecisionRecord)[];
    const field = fc.constantFrom(...names);
    fc.assert(
      fc.property(
        decisionsAndPlace(1),
        field,
        fc.boolean(),
        ({ decisions, at }, name, isRemoved) => {
          const { [name]: old, ...rest } = decisions[at] as DecisionRecord;
          fc.pre(!(isRemoved && name === 'input'));
          const changed = typeof old === 'number' ? old + 1 : { other: old };
          const wrong = isRemoved ? rest : { ...rest, [name]: changed };
          expect(check(decisions.with(at, wrong as DecisionRecord))?.line).toBe(at + 1);
        },
      ),
    );
  });

  it('finds the place where a line was removed, repeated or moved', () => {
    fc.assert(
      fc.property(decisionsAndPlace(3), ({ decisions, at }) => {
        const one = decisions[at] as DecisionRecord;
        const inside = Math.min(Math.max(at, 1), decisions.length - 2);
        expect(check(decisions.toSpliced(inside, 1))?.line).toBe(inside + 1);
        expect(check(decisions.toSpliced(at, 0, one))?.line).toBe(at + 2);
        expect(check(decisions.toReversed())?.line).toBe(2);
      }),
    );
  });

  it('finds a line of another chain, although that line is right in its own', () => {
    const other = chain([{}, { b: 1 }, {}]);
    expect(check(chain([{}, { a: 1 }, {}]).with(2, other[2] as DecisionRecord))).toEqual({
      line: 3,
      problem: 'prev is not the hash of the decision before.',
    });
  });

  it('accepts a file from which inputs were removed, and counts them', () => {
    const redacted = chain([{ a: 1 }, { b: 2 }, { c: 3 }]).map((decision) =>
      Object.fromEntries(Object.entries(decision).filter(([name]) => !name.endsWith('input'))),
    );
    const checked = new DecisionCheck();
    for (const line of redacted) expect(checked.add(JSON.stringify(line))).toBeNull();
    expect(checked).toMatchObject({ decisions: 3, withoutInput: 3 });
  });

  it('knows which decisions of each session are in the file', () => {
    const [ours, theirs] = [chain([{}, {}, {}], 's1'), chain([{}, {}], 's2')];
    const checked = new DecisionCheck();
    const mixed = [ours[1], theirs[0], ours[2], theirs[1]];
    for (const line of mixed) expect(checked.add(JSON.stringify(line))).toBeNull();
    expect(checked.sessions).toMatchObject([
      { id: 's1', first: 2, last: 3, hash: ours[2]?.hash },
      { id: 's2', first: 1, last: 2, hash: theirs[1]?.hash },
    ]);
  });

  it.each([
    ['{', 'it is not a JSON object.'],
    ['[]', 'it is not a JSON object.'],
    ['{}', 'it has no session_id.'],
    ['{"session_id":"s","number":0}', 'number must be an integer of at least 1.'],
    [
      '{"session_id":"s","number":1,"hash":"x"}',
      'hash must be `sha256:` and 64 hexadecimal digits.',
    ],
  ])('refuses the line %s', (line, problem) => {
    expect(new DecisionCheck().add(line)).toBe(problem);
  });
});
