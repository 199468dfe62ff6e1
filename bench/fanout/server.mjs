// One server under measurement, told what to do by its parent. Every event carries the time at which
// the agent said it, so that a subscriber in another process can tell how long it took.
import 'reflect-metadata';
import { createServer } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AgentWebkitModule, SessionRegistryService } from '../../dist/index.js';
import { messageStart, PlayedAgent, textDelta } from '../agent.mjs';

const server = process.argv[2] === 'raw' ? await rawServer() : await ours(process.argv[2]);

process.on('message', (request) => void handle(request));

async function handle(request) {
  if (request.do === 'listen') process.send({ url: server.url, path: server.path });
  if (request.do === 'emit') process.send(await emit(request));
  if (request.do === 'memory') process.send({ bytes: usedBytes() });
}

/** What is in use, and not what waits to be collected. */
function usedBytes() {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function emit({ events, burst, everyMs }) {
  const before = process.cpuUsage();
  for (let sent = 0; sent < events; sent += burst) {
    for (let i = 0; i < burst; i += 1)
      server.say(`${process.hrtime.bigint()} some words of an answer`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  const { user, system } = process.cpuUsage(before);
  return { cpuMs: (user + system) / 1000 };
}

/** The least a server can do: each event serialised once, written to each open response. */
async function rawServer() {
  const responses = new Set();
  let seq = 0;
  const http = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('\n');
    responses.add(response);
    response.on('close', () => responses.delete(response));
  });
  await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${http.address().port}`,
    path: '/',
    say: (text) => {
      seq += 1;
      const data = JSON.stringify({ message_id: 'm', delta: { type: 'text', text } });
      const frame = Buffer.from(`id: ${seq}\nevent: message_delta\ndata: ${data}\n\n`);
      for (const response of responses) response.write(frame);
    },
  };
}

/** The whole of ours: the agent's message, the translator, the log, Nest's `@Sse`. */
async function ours(adapter) {
  const agent = new PlayedAgent();
  class HostModule {}
  Module({
    imports: [
      AgentWebkitModule.forRoot({
        auth: 'none',
        sdkFactory: () => agent,
        maxEvents: 10_000,
      }),
    ],
  })(HostModule);
  const logger = ['error'];
  const app =
    adapter === 'fastify'
      ? await NestFactory.create(HostModule, new FastifyAdapter(), { logger })
      : await NestFactory.create(HostModule, { logger });
  await app.listen(0, '127.0.0.1');
  const session = await app.get(SessionRegistryService).create({}, { id: 'anonymous' });
  agent.say(messageStart());
  return {
    url: await app.getUrl(),
    path: `/sessions/${session.id}/stream`,
    say: (text) => agent.say(textDelta(text)),
  };
}
