// This package as a whole: the agent's message, the translator, the log, Nest's `@Sse`.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { SessionRegistry } from '../../../dist/agent-webkit/engine/registry/session-registry.js';
import { AgentWebkitModule } from '../../../dist/index.js';
import { ManualAgent, messageStart, textDelta } from '../../agent.mjs';
import { startNestApp } from './nest-app.mjs';

export async function openThisPackage(adapter) {
  const agent = new ManualAgent();
  class HostModule {}
  Module({
    imports: [
      AgentWebkitModule.forRoot({
        auth: 'none',
        agent: { sdkFactory: () => agent },
        retention: { maxEvents: 10_000 },
        stream: { maxSubscribers: 20_000 },
      }),
    ],
  })(HostModule);
  const app = await startNestApp(HostModule, adapter);
  const session = await app.get(SessionRegistry).create({}, { id: 'anonymous' });
  agent.emit(messageStart());
  return {
    url: await app.getUrl(),
    path: `/sessions/${session.id}/stream`,
    lastId: () => session.info().last_id,
    publish: (text) => agent.emit(textDelta(text)),
  };
}
