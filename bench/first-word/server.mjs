// A server with real agents, controlled by its parent process.
import 'reflect-metadata';
import { join } from 'node:path';
import { query } from '@anthropic-ai/claude-agent-sdk';
import { NestFactory } from '@nestjs/core';
import { AgentWebkitModule, claudeSdkFactory, MemoryStorage } from '../../dist/index.js';
import { agentOptions } from './agent-options.mjs';

const [apiUrl, home, warmPool, use] = process.argv.slice(2);
const options = agentOptions(apiUrl, home);
const storage = new MemoryStorage();
const app = await NestFactory.create(
  AgentWebkitModule.forRoot({
    auth: 'none',
    agent: {
      sdkFactory: claudeSdkFactory(options),
      warmPool: Number(warmPool),
    },
    workspace: { root: home },
    sandbox: { use },
    storage,
    timeouts: { idleTimeoutMs: 1000 },
  }),
  { logger: false, forceCloseConnections: true },
);
await app.listen(0, '127.0.0.1');

process.on('disconnect', () => process.exit());
process.on('message', (request) => void handle(request));
process.send({ url: await app.getUrl() });

async function handle(request) {
  if (request.do === 'resume') process.send({ sdkResumeMs: await resume(request.id) });
  if (request.do === 'close') {
    await app.close();
    process.send({});
  }
}

/** Resumes a conversation with the SDK alone. Resolves to the milliseconds to the first delta. */
async function resume(id) {
  const startedAt = performance.now();
  const messages = query({
    prompt: 'hi',
    options: {
      ...options,
      // The folder of the session: a conversation belongs to the folder that it began in.
      cwd: join(home, 'sessions', id),
      resume: id,
      sessionStore: storage.transcripts,
      includePartialMessages: true,
    },
  });
  let deltaAt = null;
  for await (const { type, event } of messages) {
    if (deltaAt === null && type === 'stream_event' && event.type === 'content_block_delta') {
      deltaAt = performance.now();
    }
  }
  return deltaAt - startedAt;
}
