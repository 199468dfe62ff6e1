import { describe, expect, it } from '@jest/globals';
import { allowance, answer, denial } from '../../page/src/client/replies.js';

const SHOWN = { correlation_id: 't1', input_digest: `sha256:${'0'.repeat(64)}` };
const FROM_EARLIER_SERVER = { correlation_id: 't1' };

describe('a reply of the page', () => {
  it('names the input that the user saw', () => {
    for (const reply of [allowance(SHOWN, {}), denial(SHOWN, {}), answer(SHOWN, { q: 'a' })]) {
      expect(reply).toMatchObject(SHOWN);
    }
  });

  it('names no input to a server that has not named it', () => {
    expect(allowance(FROM_EARLIER_SERVER, { updatedInput: { a: 1 } })).toEqual({
      type: 'permission_response',
      correlation_id: 't1',
      behavior: 'allow',
      updated_input: { a: 1 },
    });
  });
});
