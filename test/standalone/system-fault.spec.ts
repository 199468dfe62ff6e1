import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { BadRequestException } from '@nestjs/common';
import { findSystemFault } from '../../src/standalone/system-fault.js';

const exhausted = Object.assign(new Error("EMFILE: too many open files, open '/srv/x.js'"), {
  code: 'EMFILE',
  syscall: 'open',
  status: 400,
});

function errorOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('It threw no error.');
}

describe('findSystemFault', () => {
  it.each(['EMFILE', 'ENFILE', 'ENOMEM'])('finds %s behind an error for the client', (code) => {
    const error = Object.assign(new Error(code), { code });
    const wrapped = new BadRequestException(code, { cause: error });
    expect(findSystemFault(error)).toEqual({ error, isTemporary: true });
    expect(findSystemFault(wrapped)).toEqual({ error, isTemporary: true });
    expect(findSystemFault(exhausted)).toMatchObject({ isTemporary: true });
  });

  it('finds an error that a retry does not fix', () => {
    const missing = errorOf(() => readFileSync('/does/not/exist'));
    expect(findSystemFault(missing)).toEqual({ error: missing, isTemporary: false });
    const unloadable = Object.assign(new Error('Cannot find module'), { code: 'MODULE_NOT_FOUND' });
    expect(findSystemFault(unloadable)).toEqual({ error: unloadable, isTemporary: false });
  });

  it('finds none in the errors of clients', () => {
    const aborted = Object.assign(new Error('request aborted'), {
      code: 'ECONNABORTED',
      status: 400,
    });
    const reset = Object.assign(new Error('read'), { code: 'ECONNRESET', syscall: 'read' });
    const compressed = Object.assign(new Error('incorrect header check'), { code: 'Z_DATA_ERROR' });
    const loop = new Error('loop');
    loop.cause = loop;
    const errors = [aborted, reset, compressed, loop, errorOf(() => JSON.parse('{')), null, 'text'];
    expect(errors.map((error) => findSystemFault(error))).toEqual(errors.map(() => null));
  });
});
