// A Nest app whose scripted agent calls a tool that always needs a person, started by a test in a process of its own.
import 'reflect-metadata';
import { appendFileSync } from 'node:fs';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AgentWebkitModule, PostgresStorage } from '../../../src/index.js';
import { scriptedSdkFactory, type Script } from '../../../src/testing.js';

const { DATABASE = '', COUNTER = '', PORT = '0' } = process.env;

/** Pays once for each turn, and counts each payment in a file. */
const script: Script = async (turn) => {
  const paid = turn.history.map(({ input }) => input);
  const outcome = await turn.useTool(
    'Pay',
    { session: turn.sessionId },
    {
      run: ({ session }) => {
        appendFileSync(COUNTER, `${session}\n`);
        return 'paid';
      },
    },
  );
  await turn.say(
    `${[...paid, turn.input.text].join(', ')}: ${outcome.allowed ? 'paid' : 'not paid'}`,
  );
};

@Module({
  imports: [
    AgentWebkitModule.forRootAsync({
      useFactory: async () => ({
        auth: 'none',
        storage: await PostgresStorage.connect(DATABASE, { leaseMs: 3000 }),
        agent: { sdkFactory: scriptedSdkFactory(script), durableTools: ['Pay'], maxAgents: 100 },
        limits: { maxSessionsPerOwner: 10_000, maxCreationsPerMinute: 10_000 },
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
