import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Controller, Get } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { afterEach, describe, expect, it } from '@jest/globals';
import { AGENT_SANDBOX } from '../../../src/agent-webkit/agent-webkit.tokens.js';
import type { AgentWebkitModuleOptions } from '../../../src/agent-webkit/options/agent-webkit.options.js';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import {
  AgentWebkitHealth,
  AgentWebkitModule,
  SessionRegistryService,
} from '../../../src/index.js';
import { fakeAgents } from '../../support/fake-agent-client.js';
import { fakeSandbox, MISSING, walledAgents } from '../../support/fake-sandbox.js';
import { ADAPTERS, startApp, type StartAppOptions, type TestApp } from '../../support/start-app.js';

@Controller('health')
class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly agents: AgentWebkitHealth,
  ) {}

  @Get()
  @HealthCheck()
  check() {
    return this.health.check([() => this.agents.indicate('agents')]);
  }
}

describe.each(ADAPTERS)('the indicator for @nestjs/terminus on %s', (adapter) => {
  let server: TestApp;
  let root: string;
  afterEach(async () => {
    await server.close();
    await rm(root, { recursive: true });
  });

  const start = async (options: AgentWebkitModuleOptions, settings: StartAppOptions = {}) => {
    root = await mkdtemp(join(tmpdir(), 'workspace-'));
    const agents = AgentWebkitModule.forRoot({ auth: 'none', workspace: { root }, ...options });
    const imports = [TerminusModule.forRoot({ logger: false }), agents];
    const metadata = { imports, controllers: [HealthController] };
    server = await startApp({}, { adapter, metadata, ...settings });
  };
  const check = async () => {
    const { status, body } = await server.request('GET', '/health');
    const { agents } = body['details'] as { agents: object };
    return { code: status, ...agents };
  };

  it('is up while the server takes new work, and down from the begin of its stop', async () => {
    await start({ agent: { sdkFactory: fakeAgents().factory } });
    expect(await check()).toEqual({ code: 200, status: 'up' });
    await server.app.get(SessionRegistryService, { strict: false }).onModuleDestroy();
    expect(await check()).toEqual({ code: 503, status: 'down', problems: ['stopping'] });
  });

  it('is down while the storage does not work, without its cause', async () => {
    const storage = new MemoryStorage();
    await start({ storage, agent: { sdkFactory: fakeAgents().factory } });
    let isBroken = true;
    const { records } = storage;
    const get = records.get.bind(records);
    records.get = (id) => (isBroken ? Promise.reject(new Error('The disk is gone')) : get(id));
    expect(await check()).toEqual({ code: 503, status: 'down', problems: ['storage_unavailable'] });
    isBroken = false;
    expect(await check()).toEqual({ code: 200, status: 'up' });
  });

  it('is down while no agent may start without a sandbox', async () => {
    await start(
      { agent: { sdkFactory: walledAgents().factory } },
      {
        host: '0.0.0.0',
        override: (builder) =>
          builder.overrideProvider(AGENT_SANDBOX).useValue(fakeSandbox(MISSING)),
      },
    );
    expect(await check()).toEqual({ code: 503, status: 'down', problems: ['sandbox_unavailable'] });
  });
});
