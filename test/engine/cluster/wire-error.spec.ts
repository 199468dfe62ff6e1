import { types } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { fromWireError, toWireError } from '../../../src/agent-webkit/engine/cluster/wire-error.js';
import * as errors from '../../../src/agent-webkit/engine/errors.js';
import { AgentWebkitError } from '../../../src/agent-webkit/engine/errors.js';
import { StorageFaultError } from '../../../src/agent-webkit/engine/storage.js';
import { ERROR_STATUS } from '../../../src/agent-webkit/hosting/error-status.js';

type AnyError = new (...details: unknown[]) => AgentWebkitError;

const samples = Object.values(errors as Record<string, unknown>)
  .filter(
    (value): value is AnyError =>
      typeof value === 'function' && value.prototype instanceof AgentWebkitError,
  )
  .map((Class) => new Class('detail', 7));

const send = (error: unknown) => fromWireError(JSON.parse(JSON.stringify(toWireError(error))));

describe('an error that another server passes', () => {
  it('is there for every code', () => {
    expect(new Set(samples.map(({ code }) => code))).toEqual(new Set(Object.keys(ERROR_STATUS)));
  });

  it.each(samples.map((error) => [error.code, error] as const))(
    'is the same error for a client: %s',
    (_, error) => {
      const passed = send(error);
      expect(passed).toBeInstanceOf(error.constructor);
      expect(types.isNativeError(passed)).toBe(true);
      const { code, message, retryAfterSeconds, name } = error;
      expect(passed).toMatchObject({ code, message, retryAfterSeconds, name });
    },
  );

  it('names the fault of a storage, without its cause', () => {
    const cause = new Error('ENOSPC: /var/lib/sessions.db');
    const fault = new StorageFaultError('The disk of the database is full.', { cause });
    const error = new errors.StorageUnavailableError(fault);
    expect(JSON.stringify(toWireError(error))).not.toContain('/var/lib');
    expect(send(error)).toMatchObject({ message: error.message, retryAfterSeconds: null });
  });

  it('has no details when it is unexpected', () => {
    const passed = send(new TypeError('password=secret'));
    expect(passed).not.toBeInstanceOf(AgentWebkitError);
    expect(passed.message).not.toContain('secret');
  });

  it.each([null, 7, 'no', [], {}, { code: '__proto__', message: 'x' }, { code: 'forbidden' }])(
    'is unexpected when it is garbage: %j',
    (sent) => {
      expect(fromWireError(sent)).not.toBeInstanceOf(AgentWebkitError);
    },
  );
});
