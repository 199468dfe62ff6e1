import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { refused } from '../../support/refused.js';
import { ClaudeApp } from './claude-app.js';
import type { Tab } from './tab.js';

let app: ClaudeApp;
let tab: Tab;
beforeEach(async () => {
  app = await ClaudeApp.start('express');
  tab = await app.open();
});
afterEach(() => app.close());

const post = (content: string, replaces: string, more: object = {}) =>
  app.server.request('POST', `/sessions/${tab.id}/input`, {
    type: 'user_message',
    content,
    replaces,
    ...more,
  });

/** Replaces the nth message. Resolves to what the agent says. */
async function replace(nth: number, content: string): Promise<string | undefined> {
  const replaces = String(tab.all('user_message')[nth]?.['message_id']);
  const turns = tab.all('result').length;
  const answer = await post(content, replaces);
  expect(answer).toMatchObject({ status: 204 });
  await tab.until(() => tab.all('result').length > turns);
  return tab.said().at(-1);
}

const gone = (id: string) => refused(409, 'message_not_replaceable', new RegExp(`'${id}' is not`));

describe('A message that replaces an earlier one', () => {
  it('makes the agent forget that and everything after it, also the next agents', async () => {
    await tab.turn('one');
    await tab.turn('two');
    await tab.turn('three');
    expect(await replace(1, 'recall')).toBe('one | recall');
    const [, second] = tab.all('user_message');
    const replacing = tab.all('user_message').at(-1);
    expect(replacing).toMatchObject({ replaces: second?.['message_id'], content: 'recall' });
    expect(tab.all('conversation_rewound')).toMatchObject([
      { message_id: second?.['message_id'], replaced_by: replacing?.['message_id'] },
    ]);
    await app.killAgent(tab.id);
    await app.reaches(tab.id, 'dormant');
    await tab.turn('recall');
    expect(tab.said().at(-1)).toBe('one | recall | recall');
    // The log keeps both branches.
    expect(tab.all('user_message').map(({ content }) => content)).toContain('three');
  });

  it('may replace the last one again and again, and the first one', async () => {
    await tab.turn('one');
    await tab.turn('two');
    expect(await replace(1, 'recall')).toBe('one | recall');
    expect(await replace(2, 'recall')).toBe('one | recall');
    expect(await replace(0, 'recall')).toBe('recall');
    await app.killAgent(tab.id);
    await app.reaches(tab.id, 'dormant');
    await tab.turn('recall');
    expect(tab.said().at(-1)).toBe('recall | recall');
  });

  it('retries a turn that was interrupted', async () => {
    await tab.turn('one');
    await tab.session.send('bash touch made');
    await tab.asked();
    await tab.session.interrupt();
    await tab.next('result');
    await tab.until(() => tab.all('result').length === 2);
    expect(await replace(1, 'recall')).toBe('one | recall');
  });

  it('is refused for a message that the agent does not have any more', async () => {
    const unknown = randomUUID();
    expect(await post('x', unknown)).toMatchObject(gone(unknown));
    await tab.turn('one');
    await tab.turn('/clear');
    const first = String(tab.all('user_message')[0]?.['message_id']);
    expect(await post('x', first)).toMatchObject(gone(first));
    await tab.turn('two');
    expect(await replace(2, 'recall')).toBe('recall');
    const second = String(tab.all('user_message')[2]?.['message_id']);
    expect(await post('x', second)).toMatchObject(gone(second));
  });

  it('is refused while the agent is at work, and with what cannot be', async () => {
    await tab.turn('one');
    const first = String(tab.all('user_message')[0]?.['message_id']);
    await tab.session.send('bash touch made');
    await tab.asked();
    expect(await post('x', first)).toMatchObject(
      refused(409, 'message_not_replaceable', /while the agent is at work/),
    );
    expect(await post('x', 'no id')).toMatchObject(refused(400, 'invalid_request', /replaces/));
    expect(await post('x', first, { delivery: 'next_step' })).toMatchObject(
      refused(400, 'invalid_request', /replaces: not with the delivery next_step/),
    );
  });
});
