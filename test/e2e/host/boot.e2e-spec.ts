import { type CanActivate, Logger, Module } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { describe, expect, it, jest } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { AgentWebkitModule } from '../../../src/agent-webkit/agent-webkit.module.js';
import {
  AGENT_SANDBOX,
  BUS,
  SDK_FACTORY,
  STORAGE_PROVIDER,
} from '../../../src/agent-webkit/agent-webkit.tokens.js';
import { InProcessBus } from '../../../src/agent-webkit/bus/in-process-bus.js';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { fakeAgents } from '../../support/fake-agent-client.js';
import { fakeSandbox } from '../../support/fake-sandbox.js';
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

describe('booting the module', () => {
  it('fails without authentication', async () => {
    await expect(boot({})).rejects.toThrow(/'auth'.*'guard'/);
  });

  it('fails with both auth and a guard', async () => {
    await expect(boot({ auth: 'none' }, OpenGuard)).rejects.toThrow(/both 'auth' and 'guard'/);
    await expect(boot({}, OpenGuard)).resolves.toBeDefined();
  });

  it.each([
    [{ retention: { maxEvents: 0 } }, "option 'retention.maxEvents' must be"],
    [{ maxEvents: 5 }, "Unknown option 'maxEvents'. Did you mean 'retention.maxEvents'?"],
  ])('fails by the name of a wrong or unknown option, in %j', async (options, message) => {
    await expect(boot({ auth: 'none', ...options })).rejects.toThrow(message);
  });

  it('fails when a factory returns a wrong option', async () => {
    const compiling = Test.createTestingModule({
      imports: [
        AgentWebkitModule.forRootAsync({
          useFactory: async () => ({ retention: { maxEvents: 0 } }),
        }),
      ],
    }).compile();
    await expect(compiling).rejects.toThrow(`option 'retention.maxEvents'`);
  });

  it.each([
    ['SDK_FACTORY', { provide: SDK_FACTORY, useValue: fakeAgents().factory }, 'agent.sdkFactory'],
    ['STORAGE_PROVIDER', { provide: STORAGE_PROVIDER, useValue: new MemoryStorage() }, 'storage'],
    ['BUS', { provide: BUS, useValue: new InProcessBus() }, 'bus'],
    ['AGENT_SANDBOX', { provide: AGENT_SANDBOX, useValue: fakeSandbox() }, 'sandbox.use'],
  ])(
    'fails when a module of the host provides %s, which has no effect',
    async (name, own, option) => {
      @Module({ imports: [AgentWebkitModule.forRoot({ auth: 'none' })], providers: [own] })
      class HostModule {}
      const module = await Test.createTestingModule({ imports: [HostModule] }).compile();
      await expect(module.init()).rejects.toThrow(
        `HostModule provides ${name}, but AgentWebkitModule does not use it: a provider of another ` +
          `module has no effect. Remove it, and pass its value as the option '${option}' to forRoot()`,
      );
    },
  );

  it.each([
    ['STORAGE_PROVIDER', STORAGE_PROVIDER],
    ['BUS', BUS],
    ['AGENT_SANDBOX', AGENT_SANDBOX],
    ['SDK_FACTORY', { token: SDK_FACTORY, optional: true }],
  ])('fails when a factory of options injects %s, which is made of its result', (name, token) => {
    const load = () =>
      AgentWebkitModule.forRootAsync({ inject: [token], useFactory: () => ({ auth: 'none' }) });
    expect(load).toThrow(
      `forRootAsync() injects ${name}, which AgentWebkitModule creates from the options that the ` +
        'factory returns. Provide your own under another token, and inject that one.',
    );
  });

  it('warns when Fastify rejects bodies that the limits of a message permit', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const start = async (
      adapter: AbstractHttpAdapter,
      limits: AgentWebkitModuleOptions['limits'],
    ) => {
      const module = await boot({
        auth: 'none',
        limits,
        agent: { sdkFactory: fakeAgents().factory },
      });
      const app = module.createNestApplication(adapter);
      await app.init();
      await app.close();
      const warnings = warn.mock.calls.map(([text]) => String(text));
      warn.mockClear();
      return warnings.filter((text) => text.startsWith('Fastify answers 413'));
    };
    const small = { maxImageBytes: 700_000 };
    expect(await start(new FastifyAdapter(), {})).toEqual([
      "Fastify answers 413 to a body of more than 1048576 bytes, but a message that 'limits.maxImageBytes' " +
        'permits has 6990508. Create the adapter with a larger limit, such as ' +
        'new FastifyAdapter({ bodyLimit: 10485760 }), or lower the option.',
    ]);
    expect(await start(new FastifyAdapter({ bodyLimit: 10_485_760 }), {})).toEqual([]);
    expect(await start(new FastifyAdapter(), small)).toEqual([]);
    expect(await start(new ExpressAdapter(), {})).toEqual([]);
    warn.mockRestore();
  });

  it('warns when streams may be silent for as long as proxies wait', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const start = async (keepAliveMs: number | null) => {
      const agent = { sdkFactory: fakeAgents().factory };
      const module = await boot({ auth: 'none', agent, stream: { keepAliveMs } });
      await module.init();
      await module.close();
      const warnings = warn.mock.calls.map(([text]) => String(text));
      warn.mockClear();
      return warnings.filter((text) => text.includes('stream.keepAliveMs'));
    };
    const consequence =
      ': many proxies close a stream that is silent for 60 s, and some notice that a client has left only ' +
      'when they write to it. Unless no proxy is in front of the server, set it to less than 60000, such ' +
      'as 15000 (the default).';
    expect(await start(null)).toEqual([`stream.keepAliveMs is null${consequence}`]);
    expect(await start(60_000)).toEqual([`stream.keepAliveMs is 60000${consequence}`]);
    expect(await start(59_999)).toEqual([]);
    warn.mockRestore();
  });

  it('fails when a factory returns a guard, which would protect nothing', async () => {
    const compiling = Test.createTestingModule({
      imports: [
        AgentWebkitModule.forRootAsync({
          useFactory: () => ({ auth: 'none', guard: OpenGuard }) as AgentWebkitModuleOptions,
        }),
      ],
    }).compile();
    await expect(compiling).rejects.toThrow("'guard' is not an option. Pass it to forRootAsync()");
  });
});
