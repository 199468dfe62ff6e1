import { afterEach, describe, expect, it } from '@jest/globals';
import { scriptedSdkFactory } from '../../../src/agent-webkit/agents/scripted/scripted-agent-client.js';
import type { Script } from '../../../src/agent-webkit/agents/scripted/script.js';
import { eventually } from '../../support/eventually.js';
import { SessionBench } from '../../support/session-bench.js';

const BY = { id: 'ada' };

/** Asks twice for a permission, and repeats the messages that have come meanwhile. */
const script: Script = async (turn) => {
  if (turn.input.text !== 'pay') return turn.say(`You said ${turn.input.text}.`);
  await turn.useTool('Pay', { name: 'first' });
  await turn.say(turn.messages.map(({ text }) => text).join(', '));
  await turn.useTool('Pay', { name: 'second' });
  await turn.say(`In all: ${turn.messages.map(({ text }) => text).join(', ')}`);
};

describe('a scripted turn', () => {
  let bench: SessionBench;
  afterEach(() => bench.close());

  const start = async (durableTools: string[]) => {
    bench = await SessionBench.start({ sdkFactory: scriptedSdkFactory(script), durableTools });
    await bench.say('pay', 'm1');
  };
  const steer = (content: string, message_id: string) =>
    bench.session.accept({ type: 'user_message', content, message_id, delivery: 'next_step' }, BY);
  const allow = async (count: number) => {
    await bench.said('permission_request', count);
    const [request] = await eventually(
      () => bench.session.info().pending,
      (pending) => pending.length === 1,
    );
    const correlation_id = request?.correlation_id ?? '';
    await bench.session.accept(
      { type: 'permission_response', behavior: 'allow', correlation_id },
      BY,
    );
  };
  const texts = async () =>
    ((await bench.data('message_complete')) as { message: { content: { text?: string }[] } }[])
      .flatMap(({ message }) => message.content)
      .flatMap(({ text }) => text ?? []);

  it.each([
    { kind: 'ordinary', durableTools: [] },
    { kind: 'durable', durableTools: ['Pay'] },
  ])('sees the messages for it after a tool with $kind requests', async ({ durableTools }) => {
    await start(durableTools);
    await bench.said('permission_request');
    await steer('left', 'm2');
    await allow(1);
    await bench.said('permission_request', 2);
    await steer('right', 'm3');
    await allow(2);
    await bench.said('result');

    expect(await texts()).toEqual(['left', 'In all: left, right']);
    expect(await bench.data('message_delivered')).toEqual([
      { message_id: 'm2', turn: 'm1', by: 'ada' },
      { message_id: 'm3', turn: 'm1', by: 'ada' },
    ]);
  });
  it('sees them again when a later server repeats it', async () => {
    const sdkFactory = scriptedSdkFactory(script);
    bench = await SessionBench.start({ sdkFactory, durableTools: ['Pay'] });
    await bench.say('pay', 'm1');
    await bench.said('permission_request');
    await steer('left', 'm2');
    await allow(1);
    await bench.said('permission_request', 2);
    const lost = bench;
    bench = await SessionBench.restart(lost, { sdkFactory, durableTools: ['Pay'] });
    await lost.session.end('released', 0);
    await steer('right', 'm3');
    await allow(2);
    await bench.said('result');

    expect(await texts()).toEqual(['left', 'In all: left, right']);
    expect(await bench.data('message_delivered')).toHaveLength(2);
  });
});
