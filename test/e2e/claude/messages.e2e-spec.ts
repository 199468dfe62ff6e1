import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ClaudeApp } from './claude-app.js';
import { saidIn, type Tab } from './tab.js';

/** Returns the messages as a client shows them: the newest text of each, in the order of their ids. */
function shown(tab: Tab): string[] {
  const messages = new Map<unknown, string>();
  for (const { event, data } of tab.events) {
    if (event === 'message_delta') messages.set(data['message_id'], 'streaming');
    if (event === 'message_complete') messages.set(data['message_id'], saidIn(data));
  }
  return [...messages.values()];
}

describe('Messages', () => {
  let app: ClaudeApp;
  beforeAll(async () => {
    app = await ClaudeApp.start('express');
  });
  afterAll(async () => {
    expect(await app.close()).toEqual([]);
  });

  it('lose their incomplete text when the connection to the model breaks and the agent tries again', async () => {
    const tab = await app.open();
    await tab.session.send('break');
    await tab.until(() => JSON.stringify(tab.events.at(-1)).includes('half'));
    app.release('break');
    expect(await tab.next('result')).toMatchObject({ subtype: 'success' });
    expect(shown(tab)).toEqual(['whole', 'retried']);
    await tab.session.close();
  });

  it('lose their incomplete text when the agent is killed', async () => {
    const tab = await app.open();
    await tab.session.send('hold killed');
    await tab.next('message_delta');
    await app.killAgent(tab.id);
    await tab.next('session_state');
    expect(shown(tab)).toEqual(['']);
    await tab.session.close();
  });

  it('are kept when an interrupt ends them', async () => {
    const tab = await app.open();
    await tab.session.send('hold interrupted');
    await tab.next('message_delta');
    await tab.session.interrupt();
    await tab.next('result');
    expect(shown(tab)).toEqual(['begun']);
    await tab.session.close();
  });

  it('of 25 large blocks reach all subscribers, early and late ones, with the default limits', async () => {
    const tab = await app.open();
    await tab.turn('blocks 25 150000');
    const late = app.attach(tab.id);
    await late.next('result');
    expect(tab.ids()).toEqual(tab.events.map((_, index) => index + 1));
    expect(late.events).toEqual(tab.events);
    expect(shown(late).join('')).toBe('x'.repeat(25 * 150_000));
    await tab.session.close();
  });
});
