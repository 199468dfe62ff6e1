import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { scriptedSdkFactory } from '../../src/agent-webkit/agents/scripted/scripted-agent-client.js';
import { SessionStore } from '../../src/agent-webkit-react/session-store.js';
import { AgentClient } from '../../src/client.js';
import { eventually } from '../support/eventually.js';
import { startApp, type TestApp } from '../support/start-app.js';

/** Delivers each server-sent event by itself, and slower than a page renders. */
const slowFetch: typeof fetch = async (input, init) => {
  const response = await fetch(input, init);
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return response;
  let rest = '';
  const slow = new TransformStream<string, string>({
    transform: async (text, controller) => {
      const frames = (rest + text).split('\n\n');
      rest = frames.pop() ?? '';
      for (const frame of frames) {
        controller.enqueue(`${frame}\n\n`);
        // oxlint-disable-next-line no-await-in-loop -- events follow one another
        await delay(30);
      }
    },
  });
  const body = response.body?.pipeThrough(new TextDecoderStream()).pipeThrough(slow);
  return new Response(body?.pipeThrough(new TextEncoderStream()), response);
};

describe('a session that a component shows', () => {
  let app: TestApp;
  afterEach(() => app.close());

  it('has the messages of the user and no answered request in any rendering of a slow replay', async () => {
    const sdkFactory = scriptedSdkFactory(async (turn) => {
      await turn.useTool('Pay', { sum: 1 }, { run: () => 'paid' });
      await turn.say('Paid.');
    });
    app = await startApp({ agent: { sdkFactory } });
    const options = { url: app.url, headers: { connection: 'close' } };
    const session = await new AgentClient(options).create();
    await session.send('pay');
    for await (const request of session.requests()) {
      await request.allow();
      break;
    }
    await eventually(
      () => session.info(),
      ({ state }) => state === 'idle',
    );
    const client = new AgentClient({ ...options, fetch: slowFetch });
    const stopped: string[] = [];
    const store = new SessionStore(client.attach(session.id), () => stopped.push(session.id));
    const shown: number[] = [];
    const leave = store.subscribe(() => shown.push(store.getSnapshot().requests.length));
    const view = await eventually(
      () => store.getSnapshot(),
      ({ status }) => status === 'ready',
    );
    const items = view.items.filter((item) => item.kind !== 'assistant' || item.text !== '');
    expect(items).toMatchObject([
      { kind: 'user', content: 'pay', state: 'received' },
      { kind: 'tool', name: 'Pay', result: { isError: false } },
      { kind: 'assistant', text: 'Paid.' },
    ]);
    expect(Math.max(...shown)).toBe(0);
    leave();
    await eventually(() => stopped.length === 1);
  });
});
