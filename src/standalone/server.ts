import type { ServerResponse } from 'node:http';
import type { NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import helmet from 'helmet';
import { ChosenSandbox } from '../agent-webkit/hosting/chosen-sandbox.js';
import { isLoopback } from '../agent-webkit/hosting/is-loopback.js';
import { AppModule } from '../app.module.js';
import { limitConnections } from './connection-limits.js';
import { MetricsEndpoint } from './metrics/metrics-endpoint.js';
import { createPrometheus } from './metrics/prometheus.js';
import { ServerLogger } from './server-logger.js';
import type { Settings } from './settings.js';

/** Creates the standalone server. Call `listen` to start it. */
export async function createServer(
  settings: Settings,
  options: Pick<NestApplicationOptions, 'logger'> = {},
): Promise<NestExpressApplication> {
  const { metrics } = settings;
  const prometheus = metrics && (await createPrometheus());
  const endpoint = metrics && prometheus && new MetricsEndpoint(metrics, prometheus);
  const app = await NestFactory.create<NestExpressApplication>(
    AppModule.with(settings, endpoint),
    // Passed explicitly: Nest would look for it in its own folder, but pnpm installs it for this package only.
    new ExpressAdapter(),
    {
      logger: ServerLogger.of(settings.log),
      ...options,
      bodyParser: false,
      abortOnError: false,
      // Streams have delivered their last events by then. An idle keep-alive connection would delay the shutdown.
      forceCloseConnections: true,
    },
  );
  const { host } = settings;
  if (!isLoopback(host)) app.get(ChosenSandbox, { strict: false }).markReachable(`HOST is ${host}`);
  app.disable('x-powered-by');
  app.use(
    helmet({
      // For responses that are not pages. Pages send their own policy, which replaces this one.
      contentSecurityPolicy: {
        useDefaults: false,
        directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      },
      // Only the proxy that terminates TLS knows whether a domain is reachable by TLS only.
      strictTransportSecurity: false,
    }),
  );
  // For every response that sets no header of its own, as the files of the page do.
  app.use((_request: unknown, response: ServerResponse, next: () => void) => {
    response.setHeader('Cache-Control', 'no-store');
    next();
  });
  if (endpoint) app.use(endpoint.handle);
  const { corsOrigin } = settings;
  if (corsOrigin !== null) {
    app.enableCors({
      origin: corsOrigin === '*' ? corsOrigin : [...corsOrigin],
      exposedHeaders: ['Retry-After', 'WWW-Authenticate'],
    });
  }
  // After CORS: a page could not read the response to a body that the parser rejects.
  app.useBodyParser('json', { limit: settings.maxBody });
  limitConnections(app.getHttpServer());
  return app;
}
