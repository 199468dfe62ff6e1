// A Nest app whose payments need three approvals, started by a test in a process of its own.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AgentWebkitModule, PostgresStorage } from '../../../src/index.js';
import { scriptedSdkFactory, type Script } from '../../../src/testing.js';

const { DATABASE = '', PORT = '0' } = process.env;

const script: Script = async (turn) => {
  await turn.useTool('Pay', {}, { run: () => 'paid' });
};

@Module({
  imports: [
    AgentWebkitModule.forRootAsync({
      useFactory: async () => ({
        auth: { tokens: ['ann:ann', 'bob:bob', 'cy:cy'] },
        hooks: { canAccess: () => true },
        storage: await PostgresStorage.connect(DATABASE, { leaseMs: 1000 }),
        agent: { sdkFactory: scriptedSdkFactory(script), durableTools: ['Pay'] },
        requests: { approvals: { Pay: { required: 3 } } },
        timeouts: { shutdownDelayMs: 0, holdMs: 1 },
      }),
    }),
  ],
})
class HostModule {}

const app = await NestFactory.create(HostModule, { logger: ['warn', 'error'] });
app.enableShutdownHooks();
await app.listen(Number(PORT), '127.0.0.1');
process.stdout.write(`Listening on ${await app.getUrl()}\n`);
