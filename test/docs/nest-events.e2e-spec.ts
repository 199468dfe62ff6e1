import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type INestApplication, Injectable, type Type } from '@nestjs/common';
import { EventEmitter2, OnEvent } from '@nestjs/event-emitter';
import { Test } from '@nestjs/testing';
import type * as Package from '../../src/index.js';
import { type Script, scriptedSdkFactory } from '../../src/testing.js';
import { eventually } from '../support/eventually.js';
import { HostFolder } from './host-folder.js';
import { readBlocks } from './markdown.js';

type Notification = Package.SessionNotification;

const PAGE = 'docs/nest-events.md';
const ANN = { id: 'ann' };

/** Asks for a tool when the message is `ask`, and fails when it is `crash`. */
const script: Script = async (turn) => {
  if (turn.input.text === 'crash') turn.crash('out of memory');
  else if (turn.input.text === 'ask') await turn.useTool('Bash', { command: 'ls' });
  else await turn.say('Hello.');
};

const heard: string[] = [];

/** The listeners of an app that uses the bridge. */
@Injectable()
class Listeners {
  @OnEvent('agent.turn.ended')
  onTurnEnded({ type, data }: Package.SessionNotification<'turn.ended'>) {
    heard.push(`${type} ${data.subtype} of ${data.owner}`);
  }

  @OnEvent('agent.turn.ended')
  onTurnEndedToo() {
    throw new Error('The mail server is away.');
  }

  @OnEvent('agent.turn.ended', { suppressErrors: false, prependListener: true })
  onTurnEndedLoudly() {
    throw new Error('So is the other one.');
  }

  @OnEvent('agent.request.opened')
  @OnEvent('agent.request.resolved')
  @OnEvent('agent.session.failed')
  onOther({ type }: Notification) {
    heard.push(type);
  }
}

describe('the bridge to @nestjs/event-emitter', () => {
  let host: HostFolder;
  let library: typeof Package;
  let app: INestApplication | null = null;
  beforeAll(async () => {
    host = await HostFolder.create();
    const path = `${host.path}/node_modules/nestjs-agent-webkit/dist/index.js`;
    library = (await import(path)) as typeof Package;
  }, 60_000);
  afterEach(async () => {
    await app?.close();
    app = null;
    heard.length = 0;
  });
  afterAll(() => host?.remove());

  const start = async () => {
    const block = readBlocks(PAGE).find(({ code }) => code.includes('@nestjs/event-emitter'));
    const file = await host.write('bridge.ts', block?.code ?? '');
    const { AppModule } = (await import(file)) as { AppModule: Type<object> };
    const module = await Test.createTestingModule({ imports: [AppModule], providers: [Listeners] })
      .overrideProvider(library.SDK_FACTORY)
      .useValue(scriptedSdkFactory(script))
      .compile();
    app = module.createNestApplication({ logger: false });
    const logged: string[] = [];
    const log = (line: unknown) => logged.push(String(line));
    app.useLogger({ log, error: log, warn: log });
    await app.init();
    const sessions = app.get(library.SessionRegistryService, { strict: false });
    return { sessions, logged, emitter: app.get(EventEmitter2, { strict: false }) };
  };

  it('calls the listeners of the app with the notifications of its sessions', async () => {
    const { sessions, logged } = await start();
    const first = await sessions.create({ message: 'Hello' }, ANN);
    await eventually(() => logged.some((line) => line.startsWith(`Session ${first.id}: the turn`)));
    const asking = await sessions.create({ message: 'ask' }, ANN);
    await eventually(() => heard.includes('request.opened'));
    const [request] = (await asking.info()).pending;
    await asking.send({
      type: 'permission_response',
      correlation_id: String(request?.['correlation_id']),
      behavior: 'deny',
    });
    await eventually(() => heard.filter((line) => line.startsWith('turn.ended')).length === 2);
    await sessions.create({ message: 'crash' }, ANN);
    await eventually(() => heard.includes('session.failed'));

    expect(heard.filter((line) => !line.startsWith('turn.ended error'))).toEqual([
      'turn.ended success of ann',
      'request.opened',
      'request.resolved',
      'turn.ended success of ann',
      'session.failed',
    ]);
  });

  it('goes on after listeners that throw, whose errors are logged', async () => {
    const { sessions, logged } = await start();
    const session = await sessions.create({ message: 'Hello' }, ANN);
    await eventually(() => heard.length === 1);
    await session.send({ type: 'user_message', content: 'Again' });
    await eventually(() => heard.length === 2);
    const bridge = /AgentEventsToEmitter.publish failed for turn.ended/;
    await eventually(() => logged.filter((line) => bridge.test(line)).length === 2);

    expect(logged.filter((line) => line === 'The mail server is away.')).toHaveLength(2);
    expect((await session.info()).state).toBe('idle');
  });
});
