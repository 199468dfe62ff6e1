import { expect, it } from '@jest/globals';
import { jsonOf } from '../../page/src/ui/tools/json-of.js';

it('shows any value as JSON, however deep it is', () => {
  let deep: unknown = 'end';
  for (let level = 0; level < 100_000; level += 1) deep = [deep];
  expect(jsonOf({ place: ['Lisbon'] })).toBe('{"place":["Lisbon"]}');
  expect(jsonOf(deep)).toBe('…');
});
