import type { HostFolder } from '../docs/host-folder.js';
import { readRecipe } from './recipes.js';

/** The cookie that the guard of the page accepts. */
export const COOKIE = { name: 'login', value: 'a-random-value' };

/** Writes an app with the guard of the page, a SQLite file and the demo agent. Resolves to its path. */
export async function writeCookieHost(host: HostFolder): Promise<string> {
  await host.write('cookie-guard.ts', readRecipe('cookie-guard.ts').code);
  return host.write(
    'cookie-host.ts',
    `
      import { Module } from '@nestjs/common';
      import { NestFactory } from '@nestjs/core';
      import { AgentWebkitModule, SqliteStorage } from 'nestjs-agent-webkit';
      import { demoScript, scriptedSdkFactory } from 'nestjs-agent-webkit/testing';
      import { CookieGuard } from './cookie-guard.js';

      const file = process.env.AGENT_WEBKIT_STORAGE.slice('file:'.length);

      @Module({
        imports: [
          AgentWebkitModule.forRootAsync({
            guard: CookieGuard,
            useFactory: () => ({
              storage: new SqliteStorage({ file }),
              agent: { sdkFactory: scriptedSdkFactory(demoScript) },
            }),
          }),
        ],
      })
      class AppModule {}

      const app = await NestFactory.create(AppModule, { logger: ['error'] });
      app.useBodyParser('json', { limit: '10mb' });
      await app.listen(process.env.PORT, '127.0.0.1');
      console.log('Listening on ' + (await app.getUrl()));
    `,
  );
}
