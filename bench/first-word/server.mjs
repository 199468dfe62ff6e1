// A server whose agents are real, told what to do by its parent.
import 'reflect-metadata';
import { query } from '@anthropic-ai/claude-agent-sdk';
import { NestFactory } from '@nestjs/core';
import { AgentWebkitModule, claudeSdkFactory, MemoryStorage } from '../../dist/index.js';
import { agentOptions } from './agent-options.mjs';

const [apiUrl, home, warmPool] = process.argv.slice(2);
const options = agentOptions(apiUrl, home);
const storage = new MemoryStorage();
const app = await NestFactory.create(
  AgentWebkitModule.forRoot({
    auth: 'none',
    agent: {
      sdkFactory: claudeSdkFactory(options),
      workspace: home,
      includePartialMessages: true,
      warmPool: Number(warmPool),
    },
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
  if (request.do === 'resume') process.send({ resumeMs: await resume(request.id) });
  if (request.do === 'close') {
    await app.close();
    process.send({});
  }
}

/** The same conversation, resumed by the SDK alone; milliseconds to the first delta. */
async function resume(id) {
  const begun = performance.now();
  const messages = query({
    prompt: 'hi',
    options: {
      ...options,
      cwd: home,
      resume: id,
      sessionStore: storage.transcripts,
      includePartialMessages: true,
    },
  });
  let at = null;
  for await (const { type, event } of messages) {
    if (at === null && type === 'stream_event' && event.type === 'content_block_delta') {
      at = performance.now();
    }
  }
  return at - begun;
}
