import { Module } from '@nestjs/common';
import { AgentWebkitModule } from '../../dist/index.js';
import { scriptedSdkFactory } from '../../dist/testing.js';

/** How long an idle agent is kept before it is stopped. */
const IDLE_TIMEOUT_MS = 1000;

/** A host that trusts the owner in a header, and whose agents reply to a message immediately. */
export function hostModule(storage) {
  class HostModule {}
  Module({
    imports: [
      AgentWebkitModule.forRoot({
        auth: { verify: ({ headers }) => ({ id: headers['x-owner'] }) },
        storage,
        agent: {
          sdkFactory: scriptedSdkFactory((turn) => turn.say('Some words of an answer.')),
          includePartialMessages: true,
          maxAgents: 10_000,
        },
        timeouts: { idleTimeoutMs: IDLE_TIMEOUT_MS },
        limits: { maxCreationsPerMinute: 10_000, maxSessionsPerOwner: 1_000_000 },
      }),
    ],
  })(HostModule);
  return HostModule;
}
