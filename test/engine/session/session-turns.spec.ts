import { afterEach, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { HeldStorage } from '../../support/held-storage.js';
import { assistant, result, text } from '../../support/sdk-messages.js';
import { SessionBench, settle } from '../../support/session-bench.js';

describe('turns', () => {
  let bench: SessionBench;
  afterEach(() => bench.close());

  it('publish turn_start before the agent receives the message', async () => {
    bench = await SessionBench.start();
    await bench.say('hello', 'm1');
    expect(await bench.agent.received(1)).toMatchObject({ messageId: 'm1', content: 'hello' });
    bench.agent.say(assistant([text('hi')], { id: 'msg_1' }), result({ cost: 0.5 }));
    await bench.said('result');
    expect(await bench.names()).toEqual([
      'session_ready',
      'user_message',
      'turn_start',
      'message_complete',
      'result',
    ]);
    expect(await bench.data('turn_start')).toEqual([{ message_id: 'm1', by: 'ada' }]);
    expect(bench.session.info()).toMatchObject({ state: 'idle', total_cost_usd: 0.5, last_id: 5 });
  });

  it('use an agent started ahead of the first message, as a new conversation', async () => {
    bench = await SessionBench.start();
    expect(bench.agents).toHaveLength(1);
    expect(bench.agent.start).toMatchObject({ sessionId: bench.session.id, resume: false });
    expect(bench.session.state).toBe('idle');
  });

  it('queue messages while a turn runs and start them in their order', async () => {
    bench = await SessionBench.start();
    await Promise.all(['a', 'b', 'c'].map((content) => bench.say(content)));
    await settle();
    expect(bench.agent.inputs.map(({ content }) => content)).toEqual(['a']);
    expect(bench.session.state).toBe('running');
    for (const n of [2, 3]) {
      bench.agent.say(result());
      // oxlint-disable-next-line no-await-in-loop -- one turn after the other
      await bench.agent.received(n);
    }
    expect(bench.agent.inputs.map(({ content }) => content)).toEqual(['a', 'b', 'c']);
    expect((await bench.names()).filter((name) => name !== 'user_message')).toEqual([
      'session_ready',
      'turn_start',
      'result',
      'turn_start',
      'result',
      'turn_start',
    ]);
  });

  it('tell the agent which messages are commands that this server permits', async () => {
    bench = await SessionBench.start();
    await bench.say('/clear');
    await bench.agent.received(1);
    await bench.say('/permitted when it was queued');
    bench.agent.say(result());
    await bench.agent.received(2);
    expect(bench.agent.inputs.map(({ isCommand }) => isCommand)).toEqual([true, false]);
  });

  it('reject a message when the queue is full, and accept it when a turn has started', async () => {
    bench = await SessionBench.start({ limits: { maxQueuedMessages: 2 } });
    await bench.say('runs');
    await bench.say('waits');
    await bench.say('waits, too');
    await expect(bench.say('too many')).rejects.toMatchObject({ code: 'backpressure' });
    bench.agent.say(result());
    await bench.agent.received(2);
    await bench.say('too many');
    expect(await bench.data('user_message')).toHaveLength(4);
  });

  it('accept a message once, however often and under whichever key it is sent', async () => {
    bench = await SessionBench.start();
    const message = { type: 'user_message', content: 'hi', message_id: 'm1' } as const;
    await Promise.all([
      bench.session.accept(message, { id: 'ada' }),
      bench.session.accept(message, { id: 'ada' }),
      bench.session.accept(message, { id: 'ada' }, 'key'),
    ]);
    await bench.session.accept({ type: 'user_message', content: 'hi' }, { id: 'ada' }, 'key');
    expect(await bench.data('user_message')).toHaveLength(1);
  });

  it('accept a rejected message when it is sent again under the same key', async () => {
    bench = await SessionBench.start({ limits: { maxQueuedMessages: 1 } });
    await bench.say('runs');
    await bench.say('waits');
    const send = () =>
      bench.session.accept({ type: 'user_message', content: 'again' }, { id: 'ada' }, 'key');
    await expect(send()).rejects.toMatchObject({ code: 'backpressure' });
    bench.agent.say(result());
    await bench.agent.received(2);
    await send();
    await send();
    expect(await bench.data('user_message')).toHaveLength(3);
  });

  it('continue when the agent ends a turn that it began by itself', async () => {
    bench = await SessionBench.start();
    await bench.say('first');
    await bench.agent.received(1);
    const unasked = { ...result({ cost: 1 }), origin: { kind: 'task-notification' } };
    bench.agent.say(unasked as never);
    await bench.said('result');
    await settle();
    expect(bench.session.info()).toMatchObject({ state: 'running', total_cost_usd: 1 });
    await bench.session.accept({ type: 'interrupt' }, { id: 'ada' });
    expect(bench.agent.calls).toEqual(['interrupt']);
    await bench.say('second');
    await settle();
    expect(bench.agent.inputs).toHaveLength(1);
    bench.agent.say(result({ cost: 1.5 }));
    expect(await bench.agent.received(2)).toMatchObject({ content: 'second' });
    expect(await bench.data('result')).toMatchObject([
      { unasked: true, total_cost_usd: 1 },
      { total_cost_usd: 0.5, session_cost_usd: 1.5 },
    ]);
  });

  it('continue after a message of an unknown shape, which is skipped', async () => {
    bench = await SessionBench.start();
    await bench.say('hi');
    await bench.agent.received(1);
    for (const type of ['assistant', 'user', 'stream_event', 'system', 'tomorrow']) {
      bench.agent.say({ type, subtype: 'init' } as never);
    }
    bench.agent.say(result());
    await bench.said('result');
    expect((await bench.names()).slice(3)).toEqual(['result']);
    expect(bench.session.state).toBe('idle');
  });

  it('run one at a time, in the order of acceptance, whatever happens in between', async () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.constant('say' as const) },
      fc.constantFrom('result', 'stray', 'die', 'interrupt', 'settle', 'tick'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.boolean(), async (steps, isAsync) => {
        const storage = new HeldStorage();
        storage.events.isHeld = false;
        bench = await SessionBench.start({
          ...(isAsync ? { storage } : {}),
          limits: { maxQueuedMessages: 100 },
        });
        const sent: string[] = [];
        const sending: Promise<void>[] = [];
        for (const kind of steps) {
          const agent = bench.agent;
          agent.onInterrupt = () => agent.say(result({ subtype: 'error_during_execution' }));
          if (kind === 'say') sending.push(bench.say('x', sent[sent.push(`m${sent.length}`) - 1]));
          if (kind === 'result' && bench.session.state === 'running') agent.say(result());
          if (kind === 'stray') agent.say(assistant([text('…')]));
          if (kind === 'die') agent.die('oops');
          if (kind === 'interrupt') void bench.session.accept({ type: 'interrupt' }, { id: 'ada' });
          // oxlint-disable-next-line no-await-in-loop -- steps come one after the other
          if (kind === 'settle') await settle();
          // oxlint-disable-next-line no-await-in-loop -- steps come one after the other
          if (kind === 'tick') await Promise.resolve();
        }
        await Promise.all(sending);
        for (let turns = 0; turns <= sent.length; turns += 1) {
          // oxlint-disable-next-line no-await-in-loop -- one turn after the other
          await settle();
          if (bench.session.state === 'running') bench.agent.say(result());
        }
        await settle();
        const turns = (await bench.events()).flatMap(({ event, data }) => {
          if (event === 'turn_start') return [data.message_id];
          return event === 'result' ? ['end'] : [];
        });
        // Each message starts one turn, and each turn ends before the next begins.
        expect(turns.filter((turn) => turn !== 'end')).toEqual(sent);
        const starts = turns.flatMap((turn, index) => (turn === 'end' ? [] : [index]));
        for (const start of starts) expect(turns[start + 1]).toBe('end');
        expect(bench.session.state).toMatch(/^(idle|dormant)$/);
        const handedOver = bench.agents.flatMap(({ inputs }) => inputs.map((i) => i.messageId));
        expect(handedOver).toEqual(sent.filter((id) => handedOver.includes(id)));
        expect(bench.agents.filter(({ isClosed }) => !isClosed).length).toBeLessThanOrEqual(1);
        await bench.close();
        expect(bench.agents.every(({ isClosed }) => isClosed)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});
