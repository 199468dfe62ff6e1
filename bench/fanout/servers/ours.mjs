// The whole of ours: the agent's message, the translator, the log, Nest's `@Sse`.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AgentWebkitModule, SessionRegistryService } from '../../../dist/index.js';
import { messageStart, PlayedAgent, textDelta } from '../../agent.mjs';

export async function openOurs(adapter) {
  const agent = new PlayedAgent();
  class HostModule {}
  Module({
    imports: [
      AgentWebkitModule.forRoot({
        auth: 'none',
        sdkFactory: () => agent,
        maxEvents: 10_000,
        maxSubscribers: 20_000,
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
    lastId: () => session.info().last_id,
    say: (text) => agent.say(textDelta(text)),
  };
}
