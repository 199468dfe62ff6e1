// The servers that stream: this package, a minimal server with the same agents, and those agents alone.
// Each reports its address, the ids of its sessions, and how to start their agents.
import { createServer } from 'node:http';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { SessionRegistry } from '../../dist/agent-webkit/engine/registry/session-registry.js';
import { AgentWebkitModule } from '../../dist/index.js';

const CALLER = { id: 'anonymous' };
const MESSAGE = { type: 'user_message', content: 'Go on.' };

export const servers = {
  express: (load, count) => thisPackage(load, count, []),
  fastify: (load, count) => thisPackage(load, count, [new FastifyAdapter()]),
  raw: (load, count) => listen(load, count, forward),
  agents: (load, count) => listen(load, count, ignore),
};

async function thisPackage(load, count, adapter) {
  class HostModule {}
  Module({
    imports: [
      AgentWebkitModule.forRoot({
        auth: 'none',
        agent: { sdkFactory: () => load.createAgent(), maxAgents: count },
        limits: { maxCreationsPerMinute: count },
      }),
    ],
  })(HostModule);
  const app = await NestFactory.create(HostModule, ...adapter, { logger: ['error'] });
  await app.listen(0, '127.0.0.1');
  const registry = app.get(SessionRegistry);
  const sessions = await Promise.all(
    Array.from({ length: count }, () => registry.create({}, CALLER)),
  );
  const ids = sessions.map(({ id }) => id);
  const begin = () => Promise.all(ids.map((id) => registry.send(id, MESSAGE, CALLER)));
  return { url: await app.getUrl(), ids, begin };
}

async function listen(load, count, read) {
  const sessions = Array.from({ length: count }, () => ({
    agent: load.createAgent(),
    responses: new Set(),
  }));
  const http = createServer(({ url }, response) => {
    const [index] = /\d+/.exec(url);
    const { responses } = sessions[index];
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('\n');
    responses.add(response);
    response.on('close', () => responses.delete(response));
  });
  await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
  for (const session of sessions) void read(session);
  return {
    url: `http://127.0.0.1:${http.address().port}`,
    ids: [...sessions.keys()],
    begin: async () => {
      for (const { agent } of sessions) agent.send(MESSAGE);
    },
  };
}

/** Serializes each message once, and writes it to each open response of its session. */
async function forward({ agent, responses }) {
  let seq = 0;
  for await (const { type, event } of agent.messages) {
    if (type !== 'stream_event' || event.type !== 'content_block_delta') continue;
    seq += 1;
    const { text } = event.delta;
    const data = JSON.stringify({ message_id: 'm', delta: { type: 'text', text } });
    const frame = Buffer.from(`id: ${seq}\nevent: message_delta\ndata: ${data}\n\n`);
    for (const response of responses) response.write(frame);
  }
}

async function ignore({ agent }) {
  let events = 0;
  for await (const { type } of agent.messages) events += Number(type === 'stream_event');
  return events;
}
