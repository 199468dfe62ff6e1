import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { UserMessage } from '../../../src/agent-webkit/protocol/inbound.js';
import { eventually } from '../../support/eventually.js';
import { SessionBench, settle } from '../../support/session-bench.js';
import { type SteeredAgent, SteeredAgents } from '../../support/steered-agents.js';

const BY = { id: 'ada' };

describe('a message for the next step', () => {
  let agents: SteeredAgents;
  let bench: SessionBench;
  beforeEach(async () => {
    agents = new SteeredAgents();
    bench = await SessionBench.start({ sdkFactory: agents.factory });
  });
  afterEach(() => bench.close());

  const steer = (content: UserMessage['content'], message_id: string) => {
    const message = { type: 'user_message', content, message_id, delivery: 'next_step' } as const;
    return bench.session.accept(message, BY);
  };
  const agent = () => agents.newest as SteeredAgent;
  const run = async () => {
    await bench.say('work', 'm1');
    await agent().received(1);
  };
  /** Restores the session in another process, which has the storage alone. */
  const restart = async () => {
    const lost = bench;
    bench = await SessionBench.restart(lost, { sdkFactory: agents.factory });
    await lost.session.end('released', 0);
    await settle(8);
  };

  it('is received by the running turn, which the log says', async () => {
    await run();
    await steer('left', 'm2');
    await steer('faster', 'm3');
    expect(agent().step()).toEqual(['m2', 'm3']);
    agent().endTurn();
    await bench.said('result');

    expect(await bench.data('user_message')).toEqual([
      { message_id: 'm1', content: 'work', by: 'ada' },
      { message_id: 'm2', content: 'left', delivery: 'next_step', by: BY.id },
      { message_id: 'm3', content: 'faster', delivery: 'next_step', by: BY.id },
    ]);
    expect(await bench.data('message_delivered')).toEqual([
      { message_id: 'm2', turn: 'm1', by: BY.id },
      { message_id: 'm3', turn: 'm1', by: BY.id },
    ]);
    await settle();
    expect(await bench.data('turn_start')).toEqual([{ message_id: 'm1', by: 'ada' }]);
  });

  it('overtakes a queued message, which gets its own turn later', async () => {
    await run();
    await bench.say('next task', 'm2');
    await steer('left', 'm3');
    expect(agent().step()).toEqual(['m3']);
    agent().endTurn();
    expect(await agent().received(2)).toMatchObject({ messageId: 'm2' });
  });

  it('is a turn of its own when no turn runs, or the turn has no more steps', async () => {
    await steer('hello', 'm1');
    expect(await agent().received(1)).toMatchObject({ messageId: 'm1' });
    await steer('late', 'm2');
    agent().endTurn();
    expect(await agent().received(2)).toMatchObject({ messageId: 'm2', isCommand: false });
    expect(await bench.data('message_delivered')).toEqual([]);
  });

  it('is queued again when the agent has taken it and ends its turn without it', async () => {
    await run();
    await steer('left', 'm2');
    agent().take();
    agent().endTurn('error_max_turns');
    expect(await agent().received(2)).toMatchObject({ messageId: 'm2' });
    expect(agents.searches).toEqual([]);
  });

  it('stays queued when the turn is interrupted, and is then a turn of its own', async () => {
    await run();
    await steer('left', 'm2');
    await bench.session.accept({ type: 'interrupt' }, BY);
    expect(agent().step()).toEqual([]);
    expect(await agent().received(2)).toMatchObject({ messageId: 'm2' });
  });

  it('is not taken when it is a command, and is a turn of its own', async () => {
    await run();
    await steer('/clear', 'm2');
    await steer(' /clear', 'm3');
    expect(agent().step()).toEqual(['m3']);
    agent().endTurn();
    expect(await agent().received(2)).toMatchObject({ messageId: 'm2', isCommand: true });
  });

  it('has its images', async () => {
    const source = { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } as const;
    const content = [{ type: 'image' as const, source }];
    await run();
    await steer(content, 'm2');
    expect(agent().start.steering?.take()).toEqual([
      { messageId: 'm2', content, isCommand: false },
    ]);
  });

  it.each([
    { crash: 'the agent', isStored: true, isReported: false },
    { crash: 'the agent', isStored: false, isReported: false },
    { crash: 'the server', isStored: true, isReported: false },
    { crash: 'the server', isStored: false, isReported: false },
    { crash: 'the server', isStored: true, isReported: true },
  ])(
    'is neither lost nor doubled when $crash crashes (stored: $isStored, reported: $isReported)',
    async ({ crash, isStored, isReported }) => {
      await run();
      await steer('left', 'm2');
      const lost = agent();
      lost.take();
      if (isStored) lost.store();
      if (isReported) lost.deliver();
      if (crash === 'the agent') lost.die('It broke.');
      else await restart();
      await bench.said('result');
      await bench.say('go on', 'm4');
      await eventually(() => agents.newest !== lost && agents.newest?.inputs.length);

      const first = isStored ? 'm4' : 'm2';
      expect(agent().inputs[0]).toMatchObject({ messageId: first });
      expect(await bench.data('message_delivered')).toEqual(
        isStored ? [{ message_id: 'm2', turn: 'm1', by: BY.id }] : [],
      );
      expect(agents.conversation.map(({ messageId }) => messageId)).toEqual(
        isStored ? ['m1', 'm2', 'm4'] : ['m1', 'm2'],
      );
    },
  );
});
