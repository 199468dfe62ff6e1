import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ADAPTERS } from '../../support/start-app.js';
import { ClaudeApp } from './claude-app.js';
import { type Proxy, startProxy } from './proxy.js';
import type { Tab } from './tab.js';

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe.each(ADAPTERS)('Reconnecting on %s', (adapter) => {
  let app: ClaudeApp;
  let proxy: Proxy;
  /** A tab whose connection never breaks. */
  let steady: Tab;
  beforeAll(async () => {
    app = await ClaudeApp.start(adapter);
    proxy = await startProxy(app.server.url);
    steady = await app.open();
  });
  afterAll(async () => {
    await proxy.close();
    expect(await app.close()).toEqual([]);
  });

  it('delivers every event once when the connection breaks in the middle of a turn', async () => {
    const shaky = app.attach(steady.id, undefined, proxy.url);
    await steady.session.send('hold cut');
    await shaky.until(() => shaky.names().includes('message_delta'));
    const before = proxy.connections();
    proxy.cut();
    app.release('cut');
    await steady.next('result');
    await shaky.next('result');

    expect(proxy.connections()).toBeGreaterThan(before);
    expect(shaky.ids()).toEqual(upTo(steady.lastId));
    expect(shaky.events).toEqual(steady.events);
    shaky.session.detach();
  });

  it('delivers every event once when the connection breaks repeatedly', async () => {
    const shaky = app.attach(steady.id, undefined, proxy.url);
    for (const word of ['one', 'two', 'three']) {
      const seen = steady.lastId;
      // Events in transit are lost with the connection.
      const cuts = steady.until(() => steady.lastId > seen + 1).then(() => proxy.cut());
      await steady.turn(word);
      await cuts;
    }
    await shaky.until(() => shaky.lastId === steady.lastId);

    expect(shaky.ids()).toEqual(upTo(steady.lastId));
    expect(shaky.events).toEqual(steady.events);
    shaky.session.detach();
  });

  it('delivers a request that was opened while the client was disconnected, and accepts its reply', async () => {
    const shaky = app.attach(steady.id, steady.lastId, proxy.url);
    await steady.session.send('hold away');
    await shaky.until(() => shaky.names().includes('message_delta'));
    proxy.cut();
    app.release('away');
    await steady.next('result');
    await steady.session.send('bash touch away');
    const correlationId = await steady.asked();

    expect(await shaky.asked()).toBe(correlationId);
    await shaky.session.approve(correlationId);
    await shaky.until(() => shaky.lastId === steady.lastId && shaky.names().at(-1) === 'result');
    shaky.session.detach();
  });

  it('delivers the same events to a later client, from the beginning or from its cursor', async () => {
    await steady.turn('last');
    const late = app.attach(steady.id);
    await late.until(() => late.lastId === steady.lastId);
    expect(late.events).toEqual(steady.events);

    const back = app.attach(steady.id, 5);
    await back.until(() => back.lastId === steady.lastId);
    expect(back.events).toEqual(steady.events.slice(5));
    late.session.detach();
    back.session.detach();
  });

  it('ends with status 412 when the cursor is ahead of the last event', async () => {
    const ahead = app.attach(steady.id, steady.lastId + 1000);

    expect(await ahead.ended).toMatchObject({ name: 'TransportError', status: 412 });
  });
});

describe.each(ADAPTERS)('A log with few kept events on %s', (adapter) => {
  let app: ClaudeApp;
  beforeAll(async () => {
    app = await ClaudeApp.start(adapter, { retention: { maxEvents: 5 } });
  });
  afterAll(async () => {
    expect(await app.close()).toEqual([]);
  });

  it('answers 412 when the cursor was evicted, and starts a new client with the kept events', async () => {
    const tab = await app.open();
    await tab.turn('one');
    await tab.turn('two');
    await tab.turn('three');
    const { first_id, last_id } = await app.server.info(tab.id);
    expect(tab.ids()).toEqual(upTo(Number(last_id)));

    const behind = app.attach(tab.id, 1);
    expect(await behind.ended).toMatchObject({ name: 'TransportError', status: 412 });
    const fresh = app.attach(tab.id);
    await fresh.until(() => fresh.lastId === last_id);
    expect(fresh.events.filter(({ id }) => id >= Number(first_id))).toEqual(tab.events.slice(-5));
  });
});
