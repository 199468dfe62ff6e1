import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { claudeSdkFactory } from '../../../src/agent-webkit/agents/claude/claude-sdk-factory.js';
import type { UserContent } from '../../../src/agent-webkit/protocol/events.js';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { ClaudeApp } from './claude-app.js';
import type { Tab } from './tab.js';

const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** A command that needs a permission. */
const COMMAND = 'bash touch made';

/** True while the hook of the host ends every turn after its tools. */
let stops = false;
const afterTools = async () => (stops ? { continue: false, stopReason: 'enough' } : {});

const results = (tab: Tab, count: number) => tab.until(() => tab.all('result').length === count);

describe('A message for the next step of the real agent', () => {
  const storage = new MemoryStorage();
  let app: ClaudeApp;
  beforeAll(async () => {
    app = await ClaudeApp.start('express', {
      storage,
      overrides: { hooks: { PostToolBatch: [{ hooks: [afterTools] }] } },
    });
  });
  afterAll(async () => {
    expect(await app.close()).toEqual([]);
  });

  const steer = async (tab: Tab, content: UserContent, message_id: string = randomUUID()) => {
    const body = { type: 'user_message', content, message_id, delivery: 'next_step' };
    const { status } = await app.server.input(tab.id, body);
    expect(status).toBe(204);
    return message_id;
  };
  /** Starts a turn that asks for a permission. Resolves to the id of its message, and the function that allows the call. */
  const ask = async (tab: Tab) => {
    await tab.session.send(COMMAND);
    const correlation_id = await tab.asked();
    const message = tab.all('user_message').at(-1);
    const allow = () =>
      app.server.input(tab.id, {
        type: 'permission_response',
        correlation_id,
        behavior: 'allow',
      });
    return { turn: String(message?.['message_id']), allow };
  };
  /** The last request to the model, as text. */
  const lastRequest = () => JSON.stringify(app.api.requests.at(-1)?.messages);

  it('is in the next request to the model, with other ones and with its images', async () => {
    const tab = await app.open();
    const { turn, allow } = await ask(tab);
    const first = await steer(tab, 'go left');
    const source = { type: 'base64', media_type: 'image/png', data: PIXEL } as const;
    const second = await steer(tab, [
      { type: 'text', text: 'like this' },
      { type: 'image', source },
    ]);
    await allow();
    await tab.next('result');

    expect(tab.all('message_delivered')).toMatchObject([
      { message_id: first, turn },
      { message_id: second, turn },
    ]);
    expect(tab.all('turn_start')).toHaveLength(1);
    for (const part of ['go left', 'like this', PIXEL]) expect(lastRequest()).toContain(part);
    const names = tab.names();
    expect(names.lastIndexOf('message_delivered')).toBeLessThan(names.indexOf('result'));

    // What a server reads that takes the session over.
    const conversation = {
      sessionId: tab.id,
      conversationId: tab.id,
      cwd: String((await app.server.info(tab.id))['cwd']),
      transcripts: storage.transcripts,
    };
    const factory = claudeSdkFactory();
    const asked = [turn, randomUUID(), second];
    expect(await factory.findMessages?.(conversation, asked)).toEqual([turn, second]);
    await tab.turn('and then?');
    expect(lastRequest()).toContain('go left');
  });

  it('is a turn of its own when the turn has no more steps', async () => {
    const tab = await app.open();
    await tab.session.send('hold steering');
    await tab.next('message_delta');
    const id = await steer(tab, 'late');
    app.release('steering');
    await results(tab, 2);
    expect(tab.all('turn_start').at(-1)).toMatchObject({ message_id: id });
    expect(tab.said().at(-1)).toBe('heard late');
    expect(tab.all('message_delivered')).toEqual([]);
  });

  it('is a turn of its own after an interrupt', async () => {
    const tab = await app.open();
    await ask(tab);
    const id = await steer(tab, 'after the stop');
    await tab.session.interrupt();
    await results(tab, 2);
    expect(tab.all('turn_start').at(-1)).toMatchObject({ message_id: id });
    expect(tab.said().at(-1)).toBe('heard after the stop');
  });

  it('is a turn of its own when the agent is killed before the step', async () => {
    const tab = await app.open();
    await ask(tab);
    const id = await steer(tab, 'after the crash');
    await app.killAgent(tab.id);
    await results(tab, 2);
    expect(tab.all('turn_start').at(-1)).toMatchObject({ message_id: id });
    expect(tab.said().at(-1)).toBe('heard after the crash');
  });

  it('is a turn of its own when a hook of the host ends the turn before its next step', async () => {
    const tab = await app.open();
    const { allow } = await ask(tab);
    const id = await steer(tab, 'after the hook');
    stops = true;
    await allow();
    await results(tab, 1);
    stops = false;
    await results(tab, 2);
    expect(tab.all('result')[0]).toMatchObject({ terminal_reason: 'hook_stopped' });
    expect(tab.all('turn_start').at(-1)).toMatchObject({ message_id: id });
    expect(tab.said().at(-1)).toBe('heard after the hook');
    expect(tab.all('error')).toEqual([]);
  });
});

describe('A message for the next step of an agent with a limit of steps', () => {
  let app: ClaudeApp;
  beforeAll(async () => {
    app = await ClaudeApp.start('express', { agent: { maxTurns: 1 } });
  });
  afterAll(async () => {
    expect(await app.close()).toEqual([]);
  });

  it('is a turn of its own when the limit ends the turn', async () => {
    const tab = await app.open();
    await tab.session.send(COMMAND);
    const correlation_id = await tab.asked();
    const send = (body: object) => app.server.input(tab.id, body);
    await send({ type: 'user_message', content: 'one more', delivery: 'next_step' });
    await send({ type: 'permission_response', correlation_id, behavior: 'allow' });
    await tab.until(() => tab.all('result').length === 2);
    expect(tab.all('result')[0]).toMatchObject({ subtype: 'error_max_turns' });
    expect(tab.said().at(-1)).toBe('heard one more');
    expect(tab.all('error')).toEqual([]);
  });
});
