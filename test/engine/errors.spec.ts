import { describe, expect, it } from '@jest/globals';
import { ERROR_STATUS } from '../../src/agent-webkit/hosting/error-status.js';
import { AgentWebkitError } from '../../src/agent-webkit/engine/errors.js';
import * as errors from '../../src/agent-webkit/engine/errors.js';
import { ConflictError, EvictedError, StorageFaultError } from '../../src/index.js';

type AnyError = new (...details: unknown[]) => AgentWebkitError;

const classes = Object.values(errors as Record<string, unknown>).filter(
  (value): value is AnyError =>
    typeof value === 'function' && value.prototype instanceof AgentWebkitError,
);

/** `cursor_evicted` as the name of a class: `CursorEvictedError`. */
const nameOf = (code: string) =>
  `${code.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())}Error`;

describe('the error classes', () => {
  it('are one for each code, named after it', () => {
    const found = Object.fromEntries(
      classes.map((Class) => new Class('x', 1)).map(({ code, name }) => [code, name]),
    );
    const expected = Object.fromEntries(
      Object.keys(ERROR_STATUS).map((code) => [code, nameOf(code)]),
    );
    expect(found).toEqual(expected);
  });

  it('are exported by the names of the Python server too', () => {
    expect(ConflictError).toBe(errors.NoPendingRequestError);
    expect(EvictedError).toBe(errors.CursorEvictedError);
  });

  it('tell a fault of the storage by name, without a time for a retry and without its cause', () => {
    const path = new Error('ENOSPC: /var/lib/sessions.db');
    const fault = new StorageFaultError('The disk of the database is full.', { cause: path });
    const error = new errors.StorageUnavailableError(fault);
    expect(error.message).toBe(
      'The disk of the database is full. The operator of the server has to fix this.',
    );
    expect(error.retryAfterSeconds).toBeNull();
    expect(error.cause).toBe(fault);
  });

  it('ask for a retry when the storage does not respond', () => {
    const error = new errors.StorageUnavailableError(new Error('ECONNREFUSED 10.0.0.1:5432'));
    expect(error.message).toMatch(/^The storage does not respond\. Try again in a few seconds/);
    expect(error.message).not.toContain('10.0.0.1');
    expect(error.retryAfterSeconds).toBe(5);
  });
});
