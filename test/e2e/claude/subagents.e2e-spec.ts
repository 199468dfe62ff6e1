import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ADAPTERS } from '../../support/start-app.js';
import { ClaudeApp } from './claude-app.js';
import { saidIn, type TabEvent } from './tab.js';

/** Returns the events as readable lines. */
function summarize(events: TabEvent[]): string[] {
  return events
    .filter(({ event }) => event !== 'message_delta')
    .map(({ event, data }) => {
      if (event === 'message_complete') return saidIn(data);
      if (event === 'result')
        return `result ${String(data['subtype'])}${data['unasked'] ? ' unasked' : ''}`;
      return event;
    });
}

describe.each(ADAPTERS)('Sub-agents on %s', (adapter) => {
  let app: ClaudeApp;
  beforeAll(async () => {
    app = await ClaudeApp.start(adapter);
  });
  afterAll(async () => {
    expect(await app.close()).toEqual([]);
  });

  it('publish messages under their own ids, and requests with their agent id', async () => {
    const tab = await app.open();
    await tab.session.send('delegate bash touch delegated');
    const request = await tab.next('permission_request');
    expect(request).toMatchObject({
      input: { command: 'touch delegated' },
      context: { agent_id: expect.any(String) },
    });
    await tab.session.approve(String(request['correlation_id']));
    await tab.next('result');

    const [delegation, command] = tab.all('tool_use');
    const parent = { parent_tool_use_id: delegation?.['tool_use_id'] };
    expect(delegation).toMatchObject({ tool_name: 'Agent' });
    expect(delegation).not.toHaveProperty('parent_tool_use_id');
    expect(command).toMatchObject({ tool_name: 'Bash', ...parent });
    const messages = tab
      .all('message_complete')
      .map(({ message_id, parent_tool_use_id, message }) => [
        parent_tool_use_id === undefined ? 'main' : 'sub',
        message_id,
        (message as { content: { type: string }[] }).content.map(({ type }) => type).join(),
      ]);
    const [first, , second, , third] = messages;
    const last = messages.at(-1);
    expect(messages).toEqual([
      ['main', first?.[1], 'text'],
      ['main', first?.[1], 'text,tool_use'],
      ['sub', second?.[1], 'text'],
      ['sub', second?.[1], 'text,tool_use'],
      ['sub', third?.[1], 'text'],
      ['main', last?.[1], 'text'],
    ]);
    expect(new Set([first, second, third, last].map((one) => one?.[1])).size).toBe(4);
    expect(tab.said().slice(1, -1)).toEqual([
      'I delegate it.<tool_use>',
      'I run it.',
      'I run it.<tool_use>',
      'done',
    ]);
    // The prompt of the sub-agent is no message of the user.
    expect(tab.all('user_message')).toHaveLength(1);
    // The agent sends the request before the message with the tool call.
    const used = tab.events.findLastIndex(({ event }) => event === 'tool_use');
    expect(used).toBeLessThan(tab.names().indexOf('permission_request'));
    expect(tab.all('tool_result')).toMatchObject([
      { tool_use_id: command?.['tool_use_id'], is_error: false, ...parent },
      { tool_use_id: delegation?.['tool_use_id'], is_error: false },
    ]);
    await tab.session.close();
  });

  it('do not end the turn of a user when the agent finishes work that it has started itself', async () => {
    const tab = await app.open();
    await tab.turn('background hold sub');
    app.release('sub');
    // The sub-agent has ended. The agent is notified, and answers without a message of the user.
    await tab.until(() => JSON.stringify(tab.events.at(-1)).includes('noticed'));
    await tab.session.send('hold mine');
    await tab.until(() => tab.names().at(-1) === 'turn_start');
    const before = tab.events.length;
    app.release('notice');
    await tab.until(
      () => tab.said().at(-1) === 'noticed' && tab.names().at(-1) === 'message_delta',
    );
    expect(await app.server.info(tab.id)).toMatchObject({ state: 'running' });
    await tab.session.send('after');
    await tab.session.interrupt();
    await tab.until(() => tab.said().at(-1) === 'heard after' && tab.names().at(-1) === 'result');

    expect(summarize(tab.events.slice(before))).toEqual([
      'noticed',
      'result success unasked',
      'user_message',
      'begun',
      'result error_during_execution',
      'turn_start',
      'heard after',
      'result success',
    ]);
    await tab.session.close();
  });

  it('do not prevent the next answer when they were lost with their agent', async () => {
    const tab = await app.open();
    await tab.turn('background hold lost');
    await app.killAgent(tab.id);
    await tab.next('session_state');
    const before = tab.events.length;
    await tab.session.send('still there?');
    await tab.until(() => tab.said().at(-1) === 'noticed' && tab.names().at(-1) === 'result');

    expect(summarize(tab.events.slice(before))).toEqual([
      'user_message',
      'session_state',
      'turn_start',
      // The agent is notified that its sub-agent is gone, and then receives the message.
      'result success unasked',
      'noticed',
      'result success',
    ]);
    await tab.session.close();
  });
});
