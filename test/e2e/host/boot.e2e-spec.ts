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

/** The options with one value, given by its path such as `limits.maxEvents`. */
const optionAt = (path: string, value: unknown): object =>
  path.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as object;

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
    ['auth', { tokens: [] }],
    ['auth', { tokens: 'secret' }],
    ['auth', { tokens: [''] }],
    ['auth', { tokens: ['a', undefined] }],
    ['auth', { tokens: ['ann:'] }],
    ['auth', { tokens: ['with space'] }],
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
    ['agent.workspace', '/does/not/exist'],
    ['agent.workspace', '/etc/passwd'],
    ['agent.workspace', 7],
    ['agent.model', ''],
    ['agent.model', 5],
    ['agent.permissionModes', []],
    ['agent.permissionModes', ['root']],
    ['agent.permissionModes', 'default'],
    ['agent.includePartialMessages', 'yes'],
    ['hooks.caller', 'ann'],
    ['agent.sdkFactory', {}],
    ['storage', {}],
    ['storage', 'memory:'],
    ['retention.maxEvents', 0],
    ['retention.maxEvents', 1.5],
    ['retention.maxEvents', '1000'],
    ['retention.maxLogChars', -1],
    ['limits.maxQueuedMessages', Number.NaN],
    ['limits.maxSessionsPerOwner', Number.POSITIVE_INFINITY],
    ['timeouts.idleTimeoutMs', 0],
    ['timeouts.idleTimeoutMs', 2 ** 31],
    ['stream.keepAliveMs', 0],
    ['stream.keepAliveMs', '15s'],
    ['timeouts.interruptTimeoutMs', 0],
    ['timeouts.agentGraceMs', -5],
    ['timeouts.shutdownGraceMs', 0.5],
  ])('fails by the name %s when it is %p', async (path, value) => {
    await expect(boot({ auth: 'none', ...optionAt(path, value) })).rejects.toThrow(
      `option '${path}' must be`,
    );
  });

  it('takes null for the times that can be switched off', async () => {
    const options = {
      auth: 'none',
      timeouts: { idleTimeoutMs: null },
      stream: { keepAliveMs: null },
      agent: { model: null },
    };
    await expect(boot(options)).resolves.toBeDefined();
  });

  it('fails when a factory makes wrong options', async () => {
    const compiling = Test.createTestingModule({
      imports: [
        AgentWebkitModule.forRootAsync({
          useFactory: async () => ({ retention: { maxEvents: 0 } }),
        }),
      ],
    }).compile();
    await expect(compiling).rejects.toThrow(`option 'retention.maxEvents'`);
  });
});
