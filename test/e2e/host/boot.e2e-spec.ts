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
