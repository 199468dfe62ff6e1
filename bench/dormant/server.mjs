// A server on a storage that was filled before. Reports how long it took to start, and its memory.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { SessionRegistry } from '../../dist/agent-webkit/engine/registry/session-registry.js';
import { memory } from '../memory.mjs';
import { storages } from '../storage/storages.mjs';
import { hostModule } from './host-module.mjs';

const { kind, place } = JSON.parse(process.argv[2]);
const { storage, end } = storages[kind].open(place);
const startedAt = performance.now();
const app = await NestFactory.create(hostModule(storage), {
  logger: ['error'],
  forceCloseConnections: true,
});
await app.listen(0, '127.0.0.1');
// A delayed client would send its next request on a connection that is just being closed.
app.getHttpServer().keepAliveTimeout = 60_000;
const openMs = performance.now() - startedAt;
const registry = app.get(SessionRegistry);

process.on('disconnect', () => process.exit());
process.on('message', (request) => void handle(request));
process.send({ url: await app.getUrl(), openMs });

async function handle(request) {
  if (request.do === 'memory') process.send({ ...memory(), sessions: registry.size });
  if (request.do !== 'close') return;
  await app.close();
  await end();
  process.disconnect();
}
