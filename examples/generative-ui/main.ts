import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Module } from '@nestjs/common';
import { NestFactory, RouterModule } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AgentWebkitModule, claudeSdkFactory } from 'nestjs-agent-webkit';
import { scriptedSdkFactory } from 'nestjs-agent-webkit/testing';
import { PriceTable, WeatherCard } from './components.js';
import { script } from './script.js';

const token = process.env['AGENT_TOKEN'] ?? randomBytes(16).toString('hex');

@Module({
  imports: [
    AgentWebkitModule.forRoot({
      auth: { tokens: [token] },
      agent: {
        sdkFactory: process.env['ANTHROPIC_API_KEY']
          ? claudeSdkFactory()
          : scriptedSdkFactory(script),
      },
    }),
    AgentWebkitModule.forFeature({ components: [WeatherCard, PriceTable] }),
    RouterModule.register([{ path: 'agents', module: AgentWebkitModule }]),
  ],
})
class AppModule {}

const app = await NestFactory.create<NestExpressApplication>(AppModule);
// Vite has built the page beside this file.
app.useStaticAssets(fileURLToPath(new URL('page', import.meta.url)));
app.enableShutdownHooks();
await app.listen(process.env['PORT'] ?? 3000, '127.0.0.1');
process.stdout.write(`\nOpen ${await app.getUrl()}/#${token}\n\n`);
