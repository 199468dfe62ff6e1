import { randomBytes } from 'node:crypto';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AgentWebkitModule, claudeSdkFactory } from 'nestjs-agent-webkit';
import { AgentWebkitPageModule } from 'nestjs-agent-webkit/page';
import { demoScript, scriptedSdkFactory } from 'nestjs-agent-webkit/testing';

const token = process.env['AGENT_TOKEN'] ?? randomBytes(16).toString('hex');

@Module({
  imports: [
    AgentWebkitModule.forRoot({
      auth: { tokens: [token] },
      agent: {
        sdkFactory: process.env['ANTHROPIC_API_KEY']
          ? claudeSdkFactory()
          : scriptedSdkFactory(demoScript),
      },
    }),
    AgentWebkitPageModule.forRoot({ path: '/agents' }),
  ],
})
class AppModule {}

const app = await NestFactory.create<NestExpressApplication>(AppModule);
app.useBodyParser('json', { limit: '10mb' });
app.enableShutdownHooks();
await app.listen(process.env['PORT'] ?? 3000, '127.0.0.1');
process.stdout.write(`\nOpen ${await app.getUrl()}/agents#token=${token}\n\n`);
