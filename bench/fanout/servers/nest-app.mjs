import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';

/** Starts a Nest app on `express` or `fastify`, on a free port. */
export async function startNestApp(module, adapter) {
  const on = adapter === 'fastify' ? [new FastifyAdapter()] : [];
  const app = await NestFactory.create(module, ...on, { logger: ['error'] });
  await app.listen(0, '127.0.0.1');
  return app;
}
