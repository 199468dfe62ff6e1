import { describe, expect, it } from '@jest/globals';
import { agentLogFields, withLogFields } from '../../src/agent-webkit/engine/log-fields.js';

const fail = () => {
  throw new Error('a full disk');
};

describe('agentLogFields', () => {
  it('returns the fields while a line is logged, also of a line within another one', () => {
    const seen: unknown[] = [];
    const note = () => void seen.push(agentLogFields()?.session_id);
    const inner = withLogFields({ log: note, warn: note, error: note }, () => ({
      session_id: 'inner',
    }));
    const outer = withLogFields(
      {
        log: () => {
          note();
          inner.log('a line');
          note();
        },
        warn: note,
        error: note,
      },
      () => ({ session_id: 'outer' }),
    );
    outer.log('a line');
    inner.error('a line', new Error('a cause'));
    note();
    expect(seen).toEqual(['outer', 'inner', 'outer', 'inner', undefined]);
  });

  it('ends with the line when the logger throws', () => {
    const logger = withLogFields({ log: fail, warn: fail, error: fail }, () => ({
      session_id: 's',
    }));
    expect(() => logger.warn('a line')).toThrow('a full disk');
    expect(agentLogFields()).toBeUndefined();
  });

  it('passes no cause that there is not', () => {
    const calls: unknown[][] = [];
    const logger = withLogFields(
      { log: () => undefined, warn: () => undefined, error: (...args) => void calls.push(args) },
      () => ({ session_id: 's' }),
    );
    logger.error('a line');
    expect(calls).toEqual([['a line']]);
  });
});
