import type { NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import helmet from 'helmet';
import { AppModule } from './app.module.js';
import { limitConnections } from './connection-limits.js';
import type { Settings } from './settings.js';

/** Makes the standalone server, which does not listen yet. */
export async function createServer(
  settings: Settings,
  options: Pick<NestApplicationOptions, 'logger'> = {},
): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.with(settings), {
    ...options,
    bodyParser: false,
    abortOnError: false,
    // The streams have said what was due when connections are closed; a spare one of a client's would hold that up.
    forceCloseConnections: true,
  });
  app.disable('x-powered-by');
  app.use(
    helmet({
      // For what is no page. Pages send a policy of their own, which takes the place of this one.
      contentSecurityPolicy: {
        useDefaults: false,
        directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      },
      // Whether a domain is to be reached by TLS only is known to whoever ends TLS.
      strictTransportSecurity: false,
    }),
  );
  app.useBodyParser('json', { limit: settings.maxBody });
  if (settings.corsOrigin !== null) app.enableCors({ origin: settings.corsOrigin });
  limitConnections(app.getHttpServer());
  return app;
}
