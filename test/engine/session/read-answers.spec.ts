import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { InvalidRequestError } from '../../../src/agent-webkit/engine/errors.js';
import { readAnswers } from '../../../src/agent-webkit/engine/session/replies.js';

const answerOf = fc.oneof(fc.string(), fc.array(fc.string()));
const joined = (answer: string | string[]) => [answer].flat().join(', ');
/** Question and answer, with no question twice. */
const pairs = fc.uniqueArray(fc.tuple(fc.string(), answerOf), {
  selector: ([question]) => question,
});
/** Returns the value as a request body brings it, with own keys only. */
const asSent = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('the answers to questions', () => {
  it('are read the same from all three shapes', () => {
    fc.assert(
      fc.property(pairs, (given) => {
        const map = Object.fromEntries(given);
        const list = given.map(([question, selectedOptions]) => ({ question, selectedOptions }));
        const expected = Object.fromEntries(given.map(([q, answer]) => [q, joined(answer)]));
        // A map with the one question "answers" to a list is the nested shape.
        fc.pre(!Array.isArray(map['answers']));
        expect(readAnswers(asSent(map))).toEqual(expected);
        expect(readAnswers(asSent({ answers: map }))).toEqual(expected);
        expect(readAnswers(asSent(list))).toEqual(expected);
        expect(readAnswers(asSent({ answers: list }))).toEqual(expected);
      }),
    );
  });

  it('join the selected options of one question', () => {
    expect(readAnswers({ 'Which colours?': ['red', 'blue'] })).toEqual({
      'Which colours?': 'red, blue',
    });
  });

  it('are read for a question with the text "answers"', () => {
    expect(readAnswers({ answers: 'forty-two' })).toEqual({ answers: 'forty-two' });
    expect(readAnswers({ answers: { answers: 'forty-two' } })).toEqual({ answers: 'forty-two' });
  });

  it('may be empty', () => {
    expect(readAnswers({})).toEqual({});
    expect(readAnswers([])).toEqual({});
    expect(readAnswers({ answers: {} })).toEqual({});
  });

  it.each([
    ['a map', '{"__proto__": "x", "constructor": "y"}'],
    ['a nested map', '{"answers": {"__proto__": "x", "constructor": "y"}}'],
    [
      'a list',
      '[{"question": "__proto__", "selectedOptions": ["x"]}, {"question": "constructor", "selectedOptions": "y"}]',
    ],
  ])('keep names with a meaning in JavaScript as data in %s', (_, body) => {
    const answers = readAnswers(JSON.parse(body));
    expect(Object.entries(answers)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    expect(Object.getPrototypeOf(answers)).toBe(Object.prototype);
    expect(Object.keys({})).toEqual([]);
  });

  it.each([
    ['answers', null],
    ['answers', undefined],
    ['answers', 'red'],
    ['answers', 7],
    ['answers.answers', { answers: null }],
    ['answers.Colour', { Colour: 7 }],
    ['answers.Colour', { Colour: ['red', 7] }],
    ['answers.Colour', { answers: { Colour: { label: 'red' } } }],
    ['answers[0].question', ['red']],
    ['answers[0].question', [null]],
    ['answers[1].question', [{ question: 'q', selectedOptions: [] }, { selectedOptions: [] }]],
    ['answers[0].selectedOptions', [{ question: 'q' }]],
    ['answers[0].selectedOptions', { answers: [{ question: 'q', selectedOptions: [1] }] }],
  ])('are rejected with the field %s when they have none of the shapes', (field, sent) => {
    expect(() => readAnswers(sent)).toThrow(InvalidRequestError);
    expect(() => readAnswers(sent)).toThrow(`${field}: expected a map`);
  });

  it('are read or rejected with an error message, whatever is sent', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (sent) => {
        try {
          const answers = readAnswers(sent);
          expect(Object.values(answers).every((answer) => typeof answer === 'string')).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidRequestError);
        }
      }),
    );
  });
});
