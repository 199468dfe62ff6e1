// A server whose agent holds each step until a line arrives on stdin. Tests start it in a process of its own.
import 'reflect-metadata';
import { createInterface } from 'node:readline';
import { Module } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { AgentWebkitModule } from '../../src/agent-webkit/agent-webkit.module.js';
import { scriptedSdkFactory } from '../../src/agent-webkit/agents/scripted/scripted-agent-client.js';
import { limitConnections } from '../../src/standalone/connection-limits.js';
import { HttpErrorFilter } from '../../src/standalone/http-error.filter.js';

const stdin = createInterface({ input: process.stdin });
// The test has ended.
stdin.on('close', () => process.exit());
const lines = stdin[Symbol.asyncIterator]();

@Module({
  imports: [
    AgentWebkitModule.forRoot({
      auth: { tokens: [process.env['TOKEN'] ?? ''] },
      stream: { keepAliveMs: JSON.parse(process.env['KEEP_ALIVE_MS'] ?? '') as number | null },
      agent: {
        // One chunk of text for each line.
        sdkFactory: scriptedSdkFactory(async (turn) => {
          await turn.message(async (message) => {
            for (;;) {
              // oxlint-disable-next-line no-await-in-loop -- the test decides when the agent goes on
              const { value, done } = await lines.next();
              if (done === true || value === '') return;
              // oxlint-disable-next-line no-await-in-loop -- so is this
              await message.say([String(JSON.parse(value))]);
            }
          });
        }),
      },
    }),
  ],
  providers: [{ provide: APP_FILTER, useClass: HttpErrorFilter }],
})
class HeldModule {}

const app = await NestFactory.create<NestExpressApplication>(HeldModule, new ExpressAdapter(), {
  bodyParser: false,
  forceCloseConnections: true,
});
app.useBodyParser('json', { limit: '10mb' });
limitConnections(app.getHttpServer());
app.enableShutdownHooks(['SIGTERM'], { useProcessExit: true });
await app.listen(0, '127.0.0.1');
process.stdout.write(`Listening on ${await app.getUrl()}\n`);
