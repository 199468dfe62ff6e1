import type { CanActivate } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { AgentWebkitModule } from '../../../src/agent-webkit/agent-webkit.module.js';
import type { AgentWebkitModuleOptions } from '../../../src/agent-webkit/options/agent-webkit.options.js';

class OpenGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

const boot = (options: object, guard?: typeof OpenGuard) =>
  Test.createTestingModule({
    imports: [
      AgentWebkitModule.forRoot({
        ...(options as AgentWebkitModuleOptions),
        ...(guard ? { guard } : {}),
      }),
    ],
  }).compile();

describe('booting', () => {
  it('fails when nobody is configured to come in', async () => {
    await expect(boot({})).rejects.toThrow(/'auth'.*'guard'/);
    await expect(boot({ auth: null })).rejects.toThrow(/'auth'/);
  });

  it('fails when both auth and a guard are given', async () => {
    await expect(boot({ auth: 'none' }, OpenGuard)).rejects.toThrow(/both 'auth' and 'guard'/);
    await expect(boot({}, OpenGuard)).resolves.toBeDefined();
  });

  it.each([
    ['auth', 'all'],
    ['auth', ''],
    ['auth', {}],
    ['auth', true],
    ['auth', { verify: 'yes' }],
    ['auth', { tokens: ['t'], verify: () => null }],
    ['auth.tokens', { tokens: [] }],
    ['auth.tokens', { tokens: 'secret' }],
    ['auth.tokens', { tokens: [''] }],
    ['auth.tokens', { tokens: ['a', undefined] }],
    ['auth.tokens', { tokens: ['ann:'] }],
    ['auth.tokens', { tokens: ['with space'] }],
  ])('fails by the name %s when auth is %j', async (name, auth) => {
    await expect(boot({ auth })).rejects.toThrow(`option '${name}'`);
  });

  it('does not repeat a secret that stands in a wrong place', async () => {
    for (const auth of [
      's3cret',
      { token: 's3cret' },
      { tokens: 's3cret' },
      { tokens: ['s3cret', ''] },
    ]) {
      await expect(boot({ auth })).rejects.toThrow(/^(?!.*s3cret)/);
    }
  });

  it.each([
    ['workspace', '/does/not/exist'],
    ['workspace', '/etc/passwd'],
    ['workspace', 7],
    ['model', ''],
    ['model', 5],
    ['permissionModes', []],
    ['permissionModes', ['root']],
    ['permissionModes', 'default'],
    ['includePartialMessages', 'yes'],
    ['caller', 'ann'],
    ['sdkFactory', {}],
    ['storage', {}],
    ['storage', 'memory:'],
    ['maxEvents', 0],
    ['maxEvents', 1.5],
    ['maxEvents', '1000'],
    ['maxLogChars', -1],
    ['maxQueuedMessages', Number.NaN],
    ['maxSessionsPerOwner', Number.POSITIVE_INFINITY],
    ['idleTimeoutMs', 0],
    ['idleTimeoutMs', 2 ** 31],
    ['keepAliveMs', 0],
    ['keepAliveMs', '15s'],
    ['interruptTimeoutMs', 0],
    ['agentGraceMs', -5],
    ['shutdownGraceMs', 0.5],
  ])('fails by the name %s when it is %p', async (name, value) => {
    await expect(boot({ auth: 'none', [name]: value })).rejects.toThrow(`option '${name}'`);
  });

  it('takes null for the times that can be switched off', async () => {
    const options = { auth: 'none', idleTimeoutMs: null, keepAliveMs: null, model: null };
    await expect(boot(options)).resolves.toBeDefined();
  });

  it('fails when a factory makes wrong options', async () => {
    const compiling = Test.createTestingModule({
      imports: [AgentWebkitModule.forRootAsync({ useFactory: async () => ({ maxEvents: 0 }) })],
    }).compile();
    await expect(compiling).rejects.toThrow(`option 'maxEvents'`);
  });
});
