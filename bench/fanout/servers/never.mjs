// The minimal stream of Nest's `@Sse`, on either adapter: an Observable that never emits.
import 'reflect-metadata';
import { Controller, Module, Sse } from '@nestjs/common';
import { NEVER } from 'rxjs';
import { startNestApp } from './nest-app.mjs';

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
  const app = await startNestApp(HostModule, adapter);
  return { url: await app.getUrl(), path: '/' };
}
