import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  type DynamicModule,
  Inject,
  Injectable,
  type LoggerService,
  type Provider,
  Scope,
  type Type,
} from '@nestjs/common';
import { FencedError, OnAgentEvent, type SessionNotification } from '../../../src/index.js';
import { HeldStorage } from '../../support/held-storage.js';
import { eventually } from '../../support/eventually.js';
import { result } from '../../support/sdk-messages.js';
import { startFakeApp, type StartAppOptions } from '../../support/start-app.js';

type Ended = SessionNotification<'turn.ended'>;

/** Creates a class with a handler, which passes each notification on. */
function handlerOf(handle: (notification: Ended) => unknown): Type<object> {
  @Injectable()
  class Reactions {
    @OnAgentEvent('turn.ended')
    onTurnEnded(notification: Ended) {
      return handle(notification);
    }
  }
  return Reactions;
}

/** A logger that writes nothing. */
const quietly = (own: Partial<LoggerService>): LoggerService => ({
  log: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  ...own,
});

describe('events in the host', () => {
  let close: (() => Promise<void>) | null = null;
  afterEach(() => close?.());

  const start = async (
    providers: Provider[],
    storage?: HeldStorage,
    settings: StartAppOptions = {},
  ) => {
    const { server, agents } = await startFakeApp(storage ? { storage } : {}, {
      providers,
      ...settings,
    });
    close = () => server.close();
    const agentOf = (id: string) =>
      eventually(() => agents.agents.find(({ start: { sessionId } }) => sessionId === id) ?? null);
    /** Begins a turn of a new session. */
    const begin = async () => {
      const id = await server.createSession();
      await server.say(id, 'Hello');
      const agent = await agentOf(id);
      await agent?.received(1);
      return { id, end: () => agent?.say(result()) };
    };
    /** Runs one turn of a new session, and returns the session's id. */
    const endTurn = async () => {
      const { id, end } = await begin();
      end();
      return id;
    };
    return { server, agentOf, begin, endTurn };
  };

  it('calls a handler with the notification that a webhook would have', async () => {
    const received: Ended[] = [];
    const { server, endTurn } = await start([handlerOf((ended) => received.push(ended))]);
    const id = await endTurn();
    await eventually(() => received.length);
    const { events } = await server.registry.get(id, { id: 'anonymous' }).read();
    const ended = events.find(({ event }) => event === 'result');

    expect(received).toEqual([
      {
        id: `${id}_${ended?.id}`,
        type: 'turn.ended',
        timestamp: ended?.data.time,
        data: {
          session_id: id,
          owner: 'anonymous',
          event_id: ended?.id,
          subtype: 'success',
          is_error: false,
          duration_ms: expect.any(Number),
          total_cost_usd: expect.any(Number),
          session_cost_usd: expect.any(Number),
        },
      },
    ]);
  });

  it('calls handlers after the commit, and not while it fails', async () => {
    const received: Ended[] = [];
    const storage = new HeldStorage();
    storage.events.isHeld = false;
    const { begin } = await start([handlerOf((ended) => received.push(ended))], storage);
    const { end } = await begin();
    storage.events.isHeld = true;
    end();
    await storage.events.holds('result');
    storage.events.refuse(new Error('The disk is full.'));
    // The same commit again.
    await storage.events.holds('result');
    const early = received.length;
    storage.events.release();
    await eventually(() => received.length);

    expect({ early, received: received.length }).toEqual({ early: 0, received: 1 });
  });

  it('delivers nothing about an event that is never committed', async () => {
    const received: Ended[] = [];
    const storage = new HeldStorage();
    storage.events.isHeld = false;
    const { server, begin } = await start([handlerOf((ended) => received.push(ended))], storage);
    const { end } = await begin();
    storage.events.isHeld = true;
    end();
    await storage.events.holds('result');
    storage.events.refuse(new FencedError('s'));
    await eventually(() => server.registry.size === 0);

    expect(received).toEqual([]);
  });

  it('calls a handler once that is registered under two tokens', async () => {
    const received: Ended[] = [];
    const Reactions = handlerOf((ended) => received.push(ended));
    const { endTurn } = await start([
      Reactions,
      { provide: 'other', useFactory: (same: unknown) => same, inject: [Reactions] },
    ]);
    const ids = [await endTurn(), await endTurn()];
    await eventually(() => received.length >= 2);
    expect(received.map(({ data }) => data.session_id)).toEqual(ids);
  });

  it('logs the error of a handler, and calls the other handlers and later ones', async () => {
    const received: Ended[] = [];
    const lines: unknown[][] = [];
    const { endTurn } = await start(
      [
        handlerOf(() => {
          throw new Error('The mail server is away.');
        }),
        handlerOf(() => Promise.reject(new Error('So is the other one.'))),
        // An error without a description.
        handlerOf(() => Promise.reject(Object.create(null) as Error)),
        { provide: 'other', useClass: handlerOf((ended) => received.push(ended)) },
      ],
      undefined,
      {
        configure: (app) =>
          app.useLogger(quietly({ error: (...line: unknown[]) => lines.push(line) })),
      },
    );
    const first = await endTurn();
    const second = await endTurn();
    await eventually(() => received.length === 2);
    await eventually(() => lines.length === 6);

    expect(received.map(({ data }) => data.session_id)).toEqual([first, second]);
    expect(lines[0]?.[0]).toBe(
      `Session ${first}: Reactions.onTurnEnded failed for turn.ended. It is not called again for this event.`,
    );
    expect(lines[0]?.[1]).toContain('The mail server is away.');
  });

  it('calls handlers of controllers and of request-scoped providers', async () => {
    const names: string[] = [];
    @Injectable({ scope: Scope.REQUEST })
    class Scoped {
      @OnAgentEvent('turn.ended', 'session.failed')
      onEvent({ type }: SessionNotification<'turn.ended' | 'session.failed'>) {
        names.push(`scoped ${type} ${this instanceof Scoped}`);
      }
    }
    @Controller('reactions')
    class Reactions {
      @OnAgentEvent('turn.ended')
      onEvent({ type }: Ended) {
        names.push(`controller ${type}`);
      }
    }
    const { endTurn } = await start([Scoped, { provide: 'x', useClass: Reactions }]);
    await endTurn();
    await eventually(() => names.length === 2);

    expect(names.toSorted()).toEqual(['controller turn.ended', 'scoped turn.ended true']);
  });

  it('calls the request-scoped providers that two modules have under one token, each in its module', async () => {
    const names: string[] = [];
    class Sales {}
    class Support {}
    /** A module with its own name, its own handler, and one that both modules have. */
    const moduleOf = (module: Type<object>, own: Type<object>): DynamicModule => ({
      module,
      providers: [
        { provide: 'NAME', useValue: module.name },
        { provide: 'HANDLER', useClass: own, scope: Scope.REQUEST },
        Shared,
      ],
    });
    @Injectable({ scope: Scope.REQUEST })
    class Shared {
      constructor(@Inject('NAME') private readonly name: string) {}
      @OnAgentEvent('turn.ended')
      onEvent() {
        names.push(`shared of ${this.name}`);
      }
    }
    @Injectable()
    class SalesHandler {
      @OnAgentEvent('turn.ended')
      onSale() {
        names.push(`own of ${this.constructor.name}`);
      }
    }
    @Injectable()
    class SupportHandler {
      @OnAgentEvent('turn.ended')
      onHelp() {
        names.push(`own of ${this.constructor.name}`);
      }
    }
    const errors: unknown[] = [];
    const { endTurn } = await start([], undefined, {
      imports: [moduleOf(Sales, SalesHandler), moduleOf(Support, SupportHandler)],
      configure: (app) => app.useLogger(quietly({ error: (line: unknown) => errors.push(line) })),
    });
    await endTurn();
    await eventually(() => names.length + errors.length === 4);

    expect(errors).toEqual([]);
    expect(names.toSorted()).toEqual([
      'own of SalesHandler',
      'own of SupportHandler',
      'shared of Sales',
      'shared of Support',
    ]);
  });

  it('stops calling a handler that has 1000 calls which have not ended, until they end', async () => {
    const lines: unknown[] = [];
    let calls = 0;
    let end!: () => void;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const { server, agentOf } = await start(
      [
        handlerOf(() => {
          calls += 1;
          return ended;
        }),
      ],
      undefined,
      {
        configure: (app) => app.useLogger(quietly({ warn: (line: unknown) => lines.push(line) })),
      },
    );
    const id = await server.createSession();
    const agent = await agentOf(id);
    let n = 0;
    const turn = async () => {
      await server.registry
        .get(id, { id: 'anonymous' })
        .send({ type: 'user_message', content: 'x' });
      await agent?.received((n += 1));
      agent?.say(result());
    };
    // oxlint-disable-next-line no-await-in-loop -- one turn after the other
    for (let i = 0; i < 1002; i += 1) await turn();
    await eventually(() => lines.length);
    const full = calls;
    end();
    await turn();
    await eventually(() => calls > full);

    expect(full).toBe(1000);
    expect(lines.filter((line) => String(line).includes('1000 calls'))).toHaveLength(1);
  });

  it('refuses to start with a handler of an unknown type', async () => {
    @Injectable()
    class Wrong {
      @OnAgentEvent('turn.begun' as never)
      onEvent() {
        return undefined;
      }
    }

    await expect(start([Wrong])).rejects.toThrow(
      "@OnAgentEvent() of Wrong.onEvent must name types of notifications (request.opened, request.escalated, request.resolved, turn.ended, session.failed), but got 'turn.begun'.",
    );
  });

  it('gives the same notifications as an Observable, until it is unsubscribed or the app closes', async () => {
    const { server, endTurn } = await start([]);
    const received: string[] = [];
    const left: string[] = [];
    let isComplete = false;
    server.registry.events().subscribe({
      next: ({ type }) => received.push(type),
      complete: () => (isComplete = true),
    });
    const leaving = server.registry.events().subscribe(({ type }) => left.push(type));
    await endTurn();
    await eventually(() => received.length === 1);
    leaving.unsubscribe();
    await endTurn();
    await eventually(() => received.length === 2);
    await server.close();
    let isOver = false;
    server.registry.events().subscribe({ complete: () => (isOver = true) });

    expect({ received, left, isComplete, isOver }).toEqual({
      received: ['turn.ended', 'turn.ended'],
      left: ['turn.ended'],
      isComplete: true,
      isOver: true,
    });
  });

  it('lets a handler use the session at once', async () => {
    const { server, agentOf, endTurn } = await start([]);
    server.registry.events().subscribe(({ type, data }) => {
      if (type !== 'turn.ended') return;
      void server.registry
        .get(data.session_id, { id: data.owner })
        .send({ type: 'user_message', content: 'Go on' });
    });
    const id = await endTurn();
    const agent = await agentOf(id);

    expect(await agent?.received(2)).toMatchObject({ content: 'Go on' });
  });
});
