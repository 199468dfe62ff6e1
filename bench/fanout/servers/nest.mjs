// Nest's `@Sse` with one Subject per stream, and an object as data.
import 'reflect-metadata';
import { Controller, Headers, Module, Sse } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { concat, finalize, from, Subject } from 'rxjs';

export async function openNest({ retains }) {
  const subjects = new Set();
  const retained = [];
  let seq = 0;

  class StreamController {
    stream(after = 0) {
      const subject = new Subject();
      subjects.add(subject);
      return concat(from(retained.slice(after)), subject).pipe(
        finalize(() => subjects.delete(subject)),
      );
    }
  }
  const { prototype } = StreamController;
  Headers('last-event-id')(prototype, 'stream', 0);
  Sse()(prototype, 'stream', Object.getOwnPropertyDescriptor(prototype, 'stream'));
  Controller()(StreamController);
  class HostModule {}
  Module({ controllers: [StreamController] })(HostModule);

  const app = await NestFactory.create(HostModule, { logger: ['error'] });
  await app.listen(0, '127.0.0.1');
  return {
    url: await app.getUrl(),
    path: '/',
    lastId: () => seq,
    publish: (text) => {
      seq += 1;
      const data = { message_id: 'm', delta: { type: 'text', text } };
      const message = { id: String(seq), type: 'message_delta', data };
      if (retains) retained.push(message);
      for (const subject of subjects) subject.next(message);
    },
  };
}
