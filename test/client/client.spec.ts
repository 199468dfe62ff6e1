import { afterEach, describe, expect, it } from '@jest/globals';
import { scriptedSdkFactory } from '../../src/agent-webkit/agents/scripted/scripted-agent-client.js';
import type { Script } from '../../src/agent-webkit/agents/scripted/script.js';
import { AgentClient, type AgentClientOptions, EventsLostError } from '../../src/client.js';
import { eventually } from '../support/eventually.js';
import { startApp, type TestApp } from '../support/start-app.js';

const script: Script = async (turn) => {
  if (turn.input.text === 'pay') {
    const { allowed } = await turn.useTool('Pay', { sum: 1 }, { run: () => 'paid' });
    return turn.say(allowed ? 'paid' : 'not paid');
  }
  if (turn.input.text === 'pay three') {
    const calls = [1, 2, 3].map((sum) => turn.useTool('Pay', { sum }, { run: () => 'paid' }));
    await Promise.all(calls);
    return turn.say('done');
  }
  if (turn.input.text === 'pay twice') {
    await turn.useTool('Pay', { sum: 1 }, { run: () => 'paid' });
    await turn.useTool('Pay', { sum: 2 }, { run: () => 'paid' });
  }
  await turn.say(`You said ${turn.input.text}`);
};

/** A network between a client and the server, which fails when a test says so. */
class Network {
  /** Returns the failure of the next requests, in their order. */
  readonly failures: ((signal: AbortSignal) => Response | Promise<Response>)[] = [];
  /** Cuts the open connections. */
  readonly cuts: (() => void)[] = [];

  readonly fetch: typeof fetch = async (input, init) => {
    const failure = this.failures.shift();
    if (failure) return failure(init?.signal ?? AbortSignal.abort());
    const response = await fetch(input, init);
    if (!response.body || !response.headers.get('content-type')?.startsWith('text/event-stream'))
      return response;
    const reader = response.body.getReader();
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.cuts.push(() => controller.error(new TypeError('The network is gone.')));
      },
      pull: async (controller) => {
        const { done, value } = await reader.read();
        try {
          if (done) controller.close();
          else controller.enqueue(value);
        } catch {
          await reader.cancel(); // it was cut
        }
      },
      cancel: (reason) => reader.cancel(reason),
    });
    return new Response(body, response);
  };

  fail(count: number, failure: () => Response | Promise<Response>): void {
    for (let at = 0; at < count; at += 1) this.failures.push(failure);
  }
}

const away = () => Promise.reject(new TypeError('The network is gone.'));
const busy = () =>
  new Response('{"code":"agents_busy","message":"Busy."}', {
    status: 503,
    headers: { 'retry-after': '0' },
  });

describe.each(['stream', 'shared', 'poll'] as const)('the client, by %s', (transport) => {
  let app: TestApp;
  const network = new Network();
  const open = async (options: Partial<AgentClientOptions> = {}): Promise<AgentClient> => {
    app = await startApp({ agent: { sdkFactory: scriptedSdkFactory(script) } });
    return new AgentClient({
      url: app.url,
      transport,
      backoff: { minMs: 1, maxMs: 10 },
      fetch: network.fetch,
      headers: { connection: 'close' },
      ...options,
    });
  };
  afterEach(async () => {
    network.failures.length = 0;
    network.cuts.length = 0;
    await app.close();
  });

  it('receives each event once and in order, over broken connections', async () => {
    const session = await (await open()).create();
    const leaving = new AbortController();
    const ids: number[] = [];
    const texts: unknown[] = [];
    const reading = (async () => {
      for await (const { id, event, data } of session.events({ signal: leaving.signal })) {
        ids.push(id);
        if (event === 'user_message') texts.push(data.content);
      }
    })();
    for (const text of ['one', 'two', 'three']) {
      // oxlint-disable-next-line no-await-in-loop -- a connection breaks after each message
      await session.send(text);
      // oxlint-disable-next-line no-await-in-loop -- as above
      await eventually(() => texts.includes(text));
      network.fail(2, away);
      for (const cut of network.cuts.splice(0)) cut();
    }
    const info = await eventually(
      () => app.info(session.id),
      ({ state }) => state === 'idle',
    );
    const lastId = Number(info['last_id']);
    await eventually(() => ids.at(-1) === lastId);
    leaving.abort();
    await reading;
    expect(ids).toEqual(Array.from({ length: lastId }, (_, at) => at + 1));
    expect(texts).toEqual(['one', 'two', 'three']);
  });

  it('keeps messages while the network is away, and sends each once and in order', async () => {
    const session = await (await open()).create();
    network.fail(3, away);
    network.fail(1, busy);
    const sent = Promise.all(['one', 'two'].map((text) => session.send(text)));
    expect(session.outbox.map(({ content }) => content)).toEqual(['one', 'two']);
    await sent;
    expect(session.outbox).toEqual([]);
    const said: unknown[] = [];
    for await (const { event, data } of session.events()) {
      if (event === 'user_message') said.push(data.content);
      if (event === 'result' && said.length === 2) break;
    }
    expect(said).toEqual(['one', 'two']);
  });

  it('sends a message once, also when the answer to it was lost', async () => {
    const session = await (await open()).create();
    network.failures.push(async () => {
      await session.post({ type: 'user_message', content: 'one', message_id: LOST });
      return away();
    });
    await session.send('one', LOST);
    const said: string[] = [];
    for await (const { event, data } of session.events()) {
      if (event === 'user_message') said.push(data.message_id);
      if (event === 'result') break;
    }
    expect(said).toEqual([LOST]);
  });

  it('creates one session, also when the answer to that was lost', async () => {
    const client = await open();
    const key = 'one-key';
    const first = await client.create({}, { key });
    const second = await client.create({}, { key });
    expect(second.id).toBe(first.id);
    network.fail(2, away);
    const retries: number[] = [];
    await client.create({}, { onRetry: ({ failures }) => retries.push(failures) });
    expect(retries).toEqual([1, 2]);
    expect((await client.list()).sessions).toHaveLength(2);
  });

  it('ends the attempts to create a session with the signal', async () => {
    const client = await open({ backoff: { minMs: 60_000, maxMs: 60_000 } });
    const leaving = new AbortController();
    network.fail(1, away);
    const onRetry = () => leaving.abort();
    await expect(client.create({}, { signal: leaving.signal, onRetry })).rejects.toThrow('gone');
    await expect(client.create({}, { signal: leaving.signal })).rejects.toThrow('aborted');
    expect((await client.list()).sessions).toEqual([]);
  });

  it('tells that a request needs another approval, and does not offer it again', async () => {
    const app2 = await startApp({
      agent: { sdkFactory: scriptedSdkFactory(script) },
      auth: { tokens: ['ann:secret-of-ann', 'bob:secret-of-bob', 'cy:secret-of-cy'] },
      hooks: { canAccess: () => true },
      requests: { approvals: { Pay: { required: 2 } } },
    });
    app = app2;
    const as = (name: string) =>
      new AgentClient({
        url: app2.url,
        token: `secret-of-${name}`,
        transport,
        headers: { connection: 'close' },
      });
    const session = await as('ann').create();
    await session.send('pay');
    const bob = as('bob').attach(session.id);
    const requests = bob.requests();
    const { value: first } = await requests.next();
    expect(await first?.allow()).toEqual({ state: 'approved', approvals: 1, required: 2 });
    await requests.return();
    const again = bob.requests();
    const next = again.next();
    const { value: other } = await as('cy').attach(session.id).requests().next();
    expect(other?.asked).toMatchObject({ approved_by: ['bob'] });
    expect(await other?.allow()).toEqual({ state: 'decided' });
    await session.delete();
    expect(await next).toEqual({ done: true, value: undefined });
  });

  it('asks for each open request once, and not for those that were answered', async () => {
    const session = await (await open()).create();
    await session.send('pay');
    for await (const request of session.requests()) {
      expect(request.asked).toMatchObject({ event: 'permission_request', tool_name: 'Pay' });
      network.fail(1, away);
      await request.allow();
      break;
    }
    await eventually(
      () => session.info(),
      ({ state }) => state === 'idle',
    );
    await session.send('pay');
    for await (const request of session.requests()) {
      // Another client denies it.
      await session.reply({
        type: 'permission_response',
        behavior: 'deny',
        correlation_id: request.id,
      });
      await expect(request.allow()).rejects.toMatchObject({ code: 'no_pending_request' });
      break;
    }
    const seen: string[] = [];
    const leaving = new AbortController();
    for await (const { event } of session.events({ signal: leaving.signal })) {
      seen.push(event);
      if (seen.filter((name) => name === 'result').length === 2) leaving.abort();
    }
    expect(seen.filter((name) => name === 'request_resolved')).toHaveLength(2);
  });

  it('tells how a request ended that another client answered', async () => {
    const session = await (await open()).create();
    await session.send('pay');
    const other = new AgentClient({ url: app.url, headers: { connection: 'close' } }).attach(
      session.id,
    );
    const requests = session.requests();
    const { value: request } = await requests.next();
    if (!request) throw new Error('There is no request.');
    const next = requests.next();
    await other.reply({
      type: 'permission_response',
      behavior: 'deny',
      correlation_id: request.id,
    });
    expect(await request.resolved).toMatchObject({ outcome: 'denied', by: 'anonymous' });
    await session.delete();
    expect(await next).toEqual({ done: true, value: undefined });
  });

  it('goes on to read while the reader of the requests is busy', async () => {
    const session = await (await open()).create();
    await session.send('pay twice');
    const requests = session.requests();
    const { value: first } = await requests.next();
    if (!first) throw new Error('There is no request.');
    await first.allow();
    expect(await first.resolved).toMatchObject({ outcome: 'allowed' });
    await requests.return();
  });

  it('does not yield a request that was answered before its turn came', async () => {
    const session = await (await open()).create();
    await session.send('pay three');
    const { pending } = await eventually(
      () => session.info(),
      (info) => info.pending.length === 3,
    );
    const requests = session.requests();
    const { value: first } = await requests.next();
    const [, second, third] = pending.map(({ correlation_id: id }) => id);
    const deny = { type: 'permission_response', behavior: 'deny' } as const;
    await session.reply({ ...deny, correlation_id: second ?? '' });
    await first?.allow();
    expect(await first?.resolved).toMatchObject({ outcome: 'allowed' });
    const { value: next } = await requests.next();
    expect(next?.id).toBe(third);
    await requests.return();
  });

  it('ends a message that is on its way when it is closed', async () => {
    const session = await (await open()).create();
    network.failures.push(
      (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new Error('It was aborted.')));
        }),
    );
    const sent = session.send('hi');
    session.close();
    await expect(sent).rejects.toThrow('closed before');
  });

  it('says that events are lost, and what a refusal means', async () => {
    const client = await open();
    const session = await client.create();
    await expect(session.events({ after: 900_000 }).next()).rejects.toThrow(EventsLostError);
    const foreign = client.attach('00000000-0000-4000-8000-000000000000');
    await expect(foreign.events().next()).rejects.toMatchObject({ status: 404 });
    await expect(foreign.send('hi')).rejects.toMatchObject({ status: 404 });
    expect(foreign.outbox).toEqual([]);
  });

  it('reports its connection, and ends with its signal', async () => {
    const session = await (await open()).create();
    network.fail(1, busy);
    const states: string[] = [];
    const leaving = new AbortController();
    const reading = (async () => {
      const events = session.events({
        signal: leaving.signal,
        onConnection: ({ state }) => states.push(state),
      });
      for await (const { event } of events) if (event === 'session_ready') leaving.abort();
    })();
    await reading;
    expect(states).toEqual(['connecting', 'waiting', 'connecting', 'open', 'closed']);
  });
});

const LOST = '6f1c1f0e-6f0b-4d7c-9f3e-2f3b8d1c5a10';

describe('the url of the client', () => {
  it.each(['127.0.0.1:3000', 'localhost', '', '/agents', 'ftp://example.com', 'https://'])(
    'is refused at once if it is %p',
    (url) => {
      expect(() => new AgentClient({ url })).toThrow(
        "`url` must begin with http:// or https://, such as 'http://127.0.0.1:3000', but got " +
          `'${url}'.`,
      );
    },
  );
});
