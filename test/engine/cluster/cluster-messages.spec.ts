import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { BusReceiver } from '../../../src/agent-webkit/engine/bus.js';
import { ClusterMessages } from '../../../src/agent-webkit/engine/cluster/cluster-messages.js';

/** A bus of servers in this process. */
class SharedBus {
  readonly receivers = new Map<string, BusReceiver>();
  readonly sent: string[] = [];

  join(): ConstructorParameters<typeof ClusterMessages>[0]['bus'] {
    return {
      maxBytes: 1000,
      open: async (address, receiver) => void this.receivers.set(address, receiver),
      send: (address, message) => {
        this.sent.push(message);
        this.receivers.get(address)?.onMessage(message);
      },
      close: async () => undefined,
    };
  }
}

describe('messages between servers', () => {
  const key = randomBytes(32);
  const warnings: string[] = [];
  const received: object[] = [];
  let bus: SharedBus;
  let sender: ClusterMessages;

  async function open(address: string): Promise<ClusterMessages> {
    const logger = {
      log: () => undefined,
      warn: (line: string) => void warnings.push(line),
      error: () => undefined,
    };
    const messages = new ClusterMessages({ address, bus: bus.join(), logger });
    messages.route('hello', (message) => void received.push(message));
    await messages.open(key);
    return messages;
  }

  beforeEach(async () => {
    warnings.length = 0;
    received.length = 0;
    bus = new SharedBus();
    sender = await open('sender');
    await open('receiver');
    await open('third');
  });

  it('arrive, and show nothing to whoever reads the bus', () => {
    sender.send('receiver', '{"t":"hello","secret":"word"}');
    expect(received).toEqual([{ t: 'hello', secret: 'word' }]);
    expect(bus.sent).toHaveLength(1);
    expect(bus.sent.join(' ')).not.toMatch(/hello|secret|word/);
  });

  it('are ignored when they arrive again, or after a later one, which is not reported', () => {
    sender.send('receiver', '{"t":"hello","n":1}');
    sender.send('receiver', '{"t":"hello","n":2}');
    for (const text of bus.sent) bus.receivers.get('receiver')?.onMessage(text);
    expect(received).toEqual([
      { t: 'hello', n: 1 },
      { t: 'hello', n: 2 },
    ]);
    expect(warnings).toEqual([]);
  });

  it('are ignored when another program sends them, or passes one on, which is reported once', () => {
    sender.send('receiver', '{"t":"hello"}');
    const receive = (address: string, text: string) => bus.receivers.get(address)?.onMessage(text);
    receive('receiver', '{"t":"hello"}');
    receive('receiver', '');
    receive('third', bus.sent[0] ?? '');
    receive('third', '{"t":"hello"}');
    expect(received).toHaveLength(1);
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toContain('not from a server of this storage');
  });
});
