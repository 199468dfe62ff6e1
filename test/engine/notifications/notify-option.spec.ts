import { describe, expect, it } from '@jest/globals';
import { scriptedSdkFactory } from '../../../src/agent-webkit/agents/scripted/scripted-agent-client.js';
import type { SessionNotification } from '../../../src/agent-webkit/engine/notification.js';
import type { StorageProvider } from '../../../src/agent-webkit/engine/storage.js';
import {
  createSessionEngine,
  type SessionEngineOptions,
} from '../../../src/agent-webkit/hosting/create-session-engine.js';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { eventually } from '../../support/eventually.js';

const quiet = () => undefined;
const logger = { log: quiet, warn: quiet, error: quiet };
const SECRET = `whsec_${'A'.repeat(32)}`;

const createEngine = (options: SessionEngineOptions) =>
  createSessionEngine({
    logger,
    sandbox: { use: 'none' },
    agent: { sdkFactory: scriptedSdkFactory((turn) => turn.say('Hello')) },
    ...options,
  });

const withoutOutbox = (): StorageProvider => {
  const { durable, events, records } = new MemoryStorage();
  return { durable, events, records };
};

describe('The option `notify`', () => {
  it('may be a function, which is called again when it has rejected, and no session waits for it', async () => {
    const calls: SessionNotification[] = [];
    const storage = new MemoryStorage();
    const engine = createEngine({
      storage,
      notify: async (notification) => {
        calls.push(notification);
        if (calls.length === 1) throw new Error('Not now.');
        if (calls.length === 2) return;
        await new Promise(quiet);
      },
    });
    await engine.start();
    const session = await engine.create({}, { id: 'ann' });
    for (let turn = 1; turn <= 3; turn += 1) {
      /* oxlint-disable no-await-in-loop -- one turn after the other */
      const last = (await session.read(0, 1000)).events.at(-1)?.id ?? 0;
      await session.send({ type: 'user_message', content: 'Hello' });
      for await (const { event } of await session.watch(last)) if (event === 'result') break;
      if (turn === 1) await eventually(() => calls.length === 2);
      /* oxlint-enable no-await-in-loop */
    }
    const { session_id: id } = await session.info();
    expect(calls[1]).toEqual(calls[0]);
    expect(calls[0]).toMatchObject({
      id: expect.stringContaining(id),
      type: 'turn.ended',
      data: { session_id: id, owner: 'ann', is_error: false },
    });
    await engine.stop();
  });

  it('stores nothing when it is left out', async () => {
    const storage = new MemoryStorage();
    const engine = createEngine({ storage });
    await engine.start();
    const session = await engine.create({}, { id: 'ann' });
    await session.send({ type: 'user_message', content: 'Hello' });
    for await (const { event } of await session.watch()) if (event === 'result') break;
    expect(await storage.outbox.claim(10, 0)).toEqual([]);
    await engine.stop();
  });

  const url = 'https://hooks.example.org/';

  it.each<[string, SessionEngineOptions]>([
    ["'storage' must be a storage with an `outbox`", { notify: quiet, storage: withoutOutbox() }],
    ["'notify.secret' must be set while 'notify.url' is set", { notify: { url } }],
    ["'notify.url' must be set while 'notify.secret' is set", { notify: { secret: SECRET } }],
    [
      "'notify.url' must begin with https:// unless",
      { notify: { url: 'http://hooks.example.org/', secret: SECRET } },
    ],
    [
      "'notify.deliver' must be left out while 'notify.url' is set",
      { notify: { url, secret: SECRET, deliver: quiet } },
    ],
  ])('is rejected at boot: option %s', (message, options) => {
    expect(() => createEngine(options)).toThrow(message);
  });
});
