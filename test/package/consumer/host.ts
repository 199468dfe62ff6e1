// A typed host of the packed package: what it shows must compile against the packed types.
import { Injectable, Module } from '@nestjs/common';
import {
  AgentWebkitModule,
  type Caller,
  claudeSdkFactory,
  type DeliveredEvent,
  SessionRegistryService,
} from 'nestjs-agent-webkit';
import { type Script, scriptedSdkFactory } from 'nestjs-agent-webkit/testing';
import type { Observable } from 'rxjs';

const script: Script = async (turn) => {
  await turn.say('Hello');
};

@Module({
  imports: [
    AgentWebkitModule.forRootAsync({
      useFactory: () => ({
        auth: { verify: (request) => (request.headers['x-user'] ? { id: 'somebody' } : null) },
        agent: {
          sdkFactory:
            process.env['AGENT'] === 'claude' ? claudeSdkFactory() : scriptedSdkFactory(script),
        },
      }),
    }),
  ],
})
export class HostModule {}

@Injectable()
export class HostService {
  constructor(private readonly sessions: SessionRegistryService) {}

  async begin(caller: Caller): Promise<Observable<DeliveredEvent>> {
    const session = await this.sessions.create({ include_partial_messages: true }, caller);
    await session.send({ type: 'user_message', content: 'hi' });
    return session.watch();
  }
}
