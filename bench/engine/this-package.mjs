// The processor time per delta with the whole package, from the SDK's message to the first byte. The
// subscriber's response is an object that only counts, so everything but the network is measured.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { keepAliveComments, streamSession } from '../../dist/agent-webkit/stream/session-stream.js';
import { SessionRegistry } from '../../dist/agent-webkit/engine/registry/session-registry.js';
import { AgentWebkitModule, claudeSdkFactory } from '../../dist/index.js';
import { agentOptions } from '../first-word/agent-options.mjs';
import { CpuPerDelta } from './cpu-per-delta.mjs';

const [apiUrl, home, warmUp] = process.argv.slice(2);
const caller = { id: 'anonymous' };

process.on('disconnect', () => process.exit());
const app = await NestFactory.createApplicationContext(
  AgentWebkitModule.forRoot({
    auth: 'none',
    agent: {
      sdkFactory: claudeSdkFactory(agentOptions(apiUrl, home)),
      includePartialMessages: true,
    },
    workspace: { root: home },
  }),
  { logger: ['error'] },
);
const registry = app.get(SessionRegistry);
const session = await registry.create({}, caller);
const written = new Promise((resolve) => {
  const cpu = new CpuPerDelta(Number(warmUp));
  const response = {
    headersSent: true,
    write: (bytes) => {
      if (bytes.includes('event: message_delta')) {
        const [, seq] = /^id: (\d+)/.exec(bytes.toString('latin1', 0, 20));
        cpu.at(Number(seq));
      }
      if (bytes.includes('event: message_complete')) resolve(cpu.end());
      return true;
    },
    on: () => {},
  };
  const options = {
    keepAlive: keepAliveComments(null),
    verifyIntervalMs: null,
    maxWaitingBytes: Infinity,
  };
  streamSession(
    { session, after: 0, refuse: (error) => error, subscriptions: registry.subscriptions },
    response,
    options,
    async () => true,
  ).subscribe();
});
await registry.send(session.id, { type: 'user_message', content: 'hi' }, caller);
const cpuUs = await written;
await app.close();
process.send({ cpuUs });
