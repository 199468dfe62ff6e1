import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Query } from '@anthropic-ai/claude-agent-sdk';
import { eventually } from '../../support/eventually.js';
import { UserTurns } from '../../../src/agent-webkit/agents/claude/user-turns.js';
import type { SDKMessage } from '../../../src/agent-webkit/engine/agent-client.js';

const MESSAGE = 'the-message';
const text = { type: 'assistant' } as SDKMessage;

describe('The turn of a user message', () => {
  /** True when the process answers an interrupt with the message, by the number of the interrupt. The last one repeats. */
  let isQueued: boolean[];
  let cancels: boolean;
  let interrupts: number;
  let turns: UserTurns;
  beforeEach(() => {
    isQueued = [];
    cancels = false;
    interrupts = 0;
    turns = new UserTurns({
      interrupt: async () => {
        const queued = isQueued[Math.min(interrupts, isQueued.length - 1)];
        interrupts += 1;
        return { still_queued: queued ? ['another', MESSAGE] : [] };
      },
      cancelAsyncMessage: async () => cancels,
    } as unknown as Query);
  });

  const report = (state: 'queued' | 'started' | 'completed' | 'cancelled', messageId = MESSAGE) =>
    turns.observe({ type: 'command_lifecycle', command_uuid: messageId, state });

  it('is interrupted until it is over, because the process may have begun it just now', async () => {
    isQueued = [false];
    report('started');
    let isOver = false;
    const interrupted = turns.interrupt(MESSAGE).finally(() => (isOver = true));
    await eventually(() => interrupts === 3);
    expect(isOver).toBe(false);
    report('cancelled');
    expect(await interrupted).toBeUndefined();
  });

  it('is not interrupted again when it is over', async () => {
    report('started');
    report('completed');
    expect(await turns.interrupt(MESSAGE)).toBeUndefined();
    expect(interrupts).toBe(1); // for a turn of the agent's own
  });

  it('is withdrawn from the queue of the process', async () => {
    isQueued = [true];
    cancels = true;
    expect(await turns.interrupt(MESSAGE)).toBe('withdrawn');
  });

  it('is withdrawn when the process holds the message back', async () => {
    isQueued = [true];
    report('queued');
    expect(await turns.interrupt(MESSAGE)).toBe('withdrawn');
  });

  it('is interrupted until the process can interrupt a turn that it begins', async () => {
    isQueued = [true, true, true, false];
    report('started');
    const interrupted = turns.interrupt(MESSAGE);
    await eventually(() => interrupts === 4);
    report('cancelled');
    expect(await interrupted).toBeUndefined();
  });

  it('is interrupted when it begins while it is being withdrawn', async () => {
    isQueued = [true, false];
    const interrupted = turns.interrupt(MESSAGE);
    setImmediate(() => report('started'));
    await eventually(() => interrupts === 2);
    report('cancelled');
    expect(await interrupted).toBeUndefined();
  });

  it('is not visible when it begins after it was withdrawn', async () => {
    isQueued = [true, true, false];
    cancels = true;
    await turns.interrupt(MESSAGE);

    report('started');
    expect(turns.observe(text)).toBe(false);
    report('cancelled');
    report('started', 'the-next');
    expect(turns.observe(text)).toBe(true);
    expect(interrupts).toBeGreaterThan(1);
  });
});
