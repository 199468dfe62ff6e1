// A Nest app whose open requests are escalated, started by a test in a process of its own.
import 'reflect-metadata';
import { appendFileSync } from 'node:fs';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AgentWebkitModule, PostgresStorage } from '../../../src/index.js';
import { scriptedSdkFactory, type Script } from '../../../src/testing.js';

const { DATABASE = '', NOTIFIED = '', AFTER_MS = '', NAME = '', PORT = '0' } = process.env;

const script: Script = async (turn) => {
  await turn.useTool('Pay', {}, { run: () => 'paid' });
};

@Module({
  imports: [
    AgentWebkitModule.forRootAsync({
      useFactory: async () => ({
        auth: 'none',
        storage: await PostgresStorage.connect(DATABASE, { leaseMs: 1000 }),
        agent: { sdkFactory: scriptedSdkFactory(script), durableTools: ['Pay'] },
        requests: { escalation: { Pay: { afterMs: Number(AFTER_MS), to: () => NAME } } },
        notify: {
          events: ['request.escalated'],
          deliver: ({ id, data }) => appendFileSync(NOTIFIED, `${data.session_id} ${id}\n`),
        },
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
