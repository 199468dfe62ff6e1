// The least that a stream of Nest's `@Sse` is, on either adapter: an Observable that never says anything.
import 'reflect-metadata';
import { Controller, Module, Sse } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { NEVER } from 'rxjs';

export async function openNever(adapter) {
  class StreamController {
    stream() {
      return NEVER;
    }
  }
  const { prototype } = StreamController;
  Sse()(prototype, 'stream', Object.getOwnPropertyDescriptor(prototype, 'stream'));
  Controller()(StreamController);
  class HostModule {}
  Module({ controllers: [StreamController] })(HostModule);

  const logger = ['error'];
  const app =
    adapter === 'fastify'
      ? await NestFactory.create(HostModule, new FastifyAdapter(), { logger })
      : await NestFactory.create(HostModule, { logger });
  await app.listen(0, '127.0.0.1');
  return { url: await app.getUrl(), path: '/' };
}
