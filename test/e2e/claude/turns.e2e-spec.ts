import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/eventually.js';
import { ADAPTERS } from '../../support/start-app.js';
import { ClaudeApp } from './claude-app.js';
import type { Tab } from './tab.js';

/** The cost of a plain turn, in US dollars. The fake model always uses the same number of tokens. */
const TURN_USD = 0.006;
const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

describe.each(ADAPTERS)('Turns of the real agent on %s', (adapter) => {
  let app: ClaudeApp;
  let tab: Tab;
  beforeAll(async () => {
    app = await ClaudeApp.start(adapter);
    tab = await app.open();
  });
  afterAll(async () => {
    expect(await app.close()).toEqual([]);
  });

  /** The events after an id. */
  const eventsAfter = (after: number) => tab.events.filter(({ id }) => id > after);

  it('stream the text, then the whole message, then the result', async () => {
    const before = tab.lastId;
    const result = await tab.turn('hello');

    const [message, start, ...events] = eventsAfter(before);
    expect(message?.data['content']).toBe('hello');
    expect(start?.data).toMatchObject({ message_id: message?.data['message_id'] });
    const message_id = events[0]?.data['message_id'];
    expect(message_id).toMatch(/^msg_/);
    expect(events).toMatchObject([
      { event: 'message_delta', data: { message_id, delta: { type: 'text', text: 'heard ' } } },
      { event: 'message_delta', data: { message_id, delta: { type: 'text', text: 'hello' } } },
      {
        event: 'message_complete',
        data: {
          message_id,
          message: {
            id: message_id,
            role: 'assistant',
            content: [{ type: 'text', text: 'heard hello' }],
          },
        },
      },
      { event: 'result', data: { session_id: tab.id, subtype: 'success', is_error: false } },
    ]);
    expect(result).toMatchObject({ num_turns: 1, usage: { input_tokens: 1000 } });
    expect(result['duration_ms']).toBeGreaterThan(0);
  });

  it('report their own cost, and the cost of the session so far', async () => {
    const before = Number((await tab.turn('one'))['session_cost_usd']);
    const result = await tab.turn('two');

    expect(result['total_cost_usd']).toBeCloseTo(TURN_USD, 9);
    expect(result['session_cost_usd']).toBeCloseTo(before + TURN_USD, 9);
    expect((await app.server.info(tab.id))['total_cost_usd']).toBe(result['session_cost_usd']);
  });

  it('remember earlier turns', async () => {
    await tab.turn('remember the milk');
    await tab.turn('recall');

    expect(tab.said().at(-1)).toMatch(/remember the milk \| recall$/);
  });

  it('run queued messages in order, one after the other', async () => {
    const before = tab.lastId;
    await tab.session.send('hold queue');
    await tab.session.send('second');
    await tab.session.send('third');
    await tab.until(() => eventsAfter(before).some(({ event }) => event === 'message_delta'));
    app.release('queue');
    await tab.until(
      () => eventsAfter(before).filter(({ event }) => event === 'result').length === 3,
    );

    const turns = eventsAfter(before).map(({ event }) => event);
    expect(turns.filter((name) => name === 'turn_start' || name === 'result')).toEqual(
      ['turn_start', 'result', 'turn_start', 'result', 'turn_start', 'result'], // never two at once
    );
    expect(tab.said().slice(-3)).toEqual(['begun', 'heard second', 'heard third']);
  });

  it('pass the images of a message to the model', async () => {
    const image = {
      type: 'image' as const,
      source: { type: 'base64' as const, media_type: 'image/png', data: PIXEL },
    };
    await tab.turn([image, { type: 'text', text: 'look at this' }]);

    const [request] = app.asked('look at this');
    expect(JSON.stringify(request?.messages).includes(PIXEL)).toBe(true);
    expect(tab.all('user_message').at(-1)?.['content']).toEqual([
      image,
      { type: 'text', text: 'look at this' },
    ]);
  });

  it('use a model from the turn after it is set, and the default model after null', async () => {
    await tab.turn('as usual');
    await tab.session.setModel('claude-haiku-4-5');
    await tab.turn('with another model');
    expect(await app.server.info(tab.id)).toMatchObject({ model: 'claude-haiku-4-5' });
    await tab.session.setModel(null);
    await tab.turn('as ever');

    const model = (text: string) => app.asked(text).at(-1)?.model;
    expect(model('with another model')).toBe('claude-haiku-4-5');
    expect(model('as ever')).toBe(model('as usual'));
    expect(model('as usual')).not.toBe('claude-haiku-4-5');
    expect(await app.server.info(tab.id)).toMatchObject({ model: null });
  });

  it('continue without subscribers', async () => {
    const other = app.attach(tab.id, tab.lastId);
    await other.session.send('hold alone');
    await other.until(() => other.names().at(-1) === 'message_delta');
    const seen = other.lastId;
    other.session.detach();
    await other.ended;
    tab.session.detach();
    await tab.ended;
    await eventually(async () => (await app.server.info(tab.id))['subscribers'] === 0);
    app.release('alone');
    await app.reaches(tab.id, 'idle');

    tab = app.attach(tab.id, seen);
    expect(await tab.next('result')).toMatchObject({ subtype: 'success' });
    expect(tab.names()).toEqual(['message_complete', 'result']);
    expect(tab.ids()).toEqual([seen + 1, seen + 2]);
  });

  it('publish whole messages only when partial messages are off', async () => {
    const whole = await app.open({ include_partial_messages: false });
    await whole.turn('hello');
    expect(whole.names()).toEqual([
      'session_ready',
      'user_message',
      'turn_start',
      'message_complete',
      'result',
    ]);
    expect(whole.said()).toEqual(['heard hello']);
    await whole.session.close();
  });

  it('use the model and the folder of the session', async () => {
    const other = await app.open({ model: 'claude-sonnet-4-5' });
    await other.turn('which model');
    expect(app.asked('which model').at(-1)?.model).toBe('claude-sonnet-4-5');
    expect(await app.server.info(other.id)).toMatchObject({
      model: 'claude-sonnet-4-5',
      cwd: app.folder(other.id),
    });
    await other.session.close();
  });
});
