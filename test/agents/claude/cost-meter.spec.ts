import { describe, expect, it } from '@jest/globals';
import type { Query } from '@anthropic-ai/claude-agent-sdk';
import { CostMeter } from '../../../src/agent-webkit/agents/claude/cost-meter.js';
import { assistant, conversationReset, result, text } from '../../support/sdk-messages.js';
import { settle } from '../../support/session-bench.js';

/** A process whose running total a test sets, and which may be asked for it. */
class FakeProcess {
  total = 0;
  reads = 0;
  hasSubscription = false;
  fails = false;
  readonly query = {
    usage_EXPERIMENTAL_MAY_CHANGE_DO_NOT_RELY_ON_THIS_API_YET: async () => {
      this.reads += 1;
      if (this.fails) throw new Error('The process is gone.');
      const session = { total_cost_usd: this.total };
      return { session, rate_limits_available: this.hasSubscription };
    },
  } as unknown as Query;
}

async function start(process = new FakeProcess()) {
  const meter = new CostMeter();
  meter.start(process.query);
  await settle();
  const say = async (message: Parameters<CostMeter['observe']>[0]) => {
    meter.observe(message, process.query);
    await settle();
  };
  return { meter, process, say };
}

describe('CostMeter', () => {
  it('knows what was spent since the start of a resumed process, since a result and since /clear', async () => {
    const resumed = new FakeProcess();
    resumed.total = 5;
    const { meter, process, say } = await start(resumed);
    expect(meter.unreportedUsd).toBe(0);
    process.total = 6;
    await say(assistant([text('a')]));
    expect(meter.unreportedUsd).toBe(1);
    await say(result({ cost: 6 }));
    expect(meter.unreportedUsd).toBe(0);
    process.total = 6.5;
    await say(assistant([text('b')]));
    expect(meter.unreportedUsd).toBe(0.5);
    await say(conversationReset());
    process.total = 0.25;
    await say(assistant([text('c')]));
    expect(meter.unreportedUsd).toBe(0.25);
  });

  it('drops a reading that a result has overtaken', async () => {
    const { meter, process } = await start();
    process.total = 1;
    meter.observe(assistant([text('a')]), process.query);
    meter.observe(result({ cost: 0.5 }), process.query);
    await settle();
    expect(meter.unreportedUsd).toBe(0);
  });

  it('reads nothing more for an account with a subscription', async () => {
    const process = new FakeProcess();
    process.hasSubscription = true;
    const { meter, say } = await start(process);
    process.total = 1;
    await say(assistant([text('a')]));
    expect([process.reads, meter.unreportedUsd]).toEqual([1, 0]);
  });

  it('is 0 for a process that does not answer', async () => {
    const process = new FakeProcess();
    process.fails = true;
    const { meter, say } = await start(process);
    await say(assistant([text('a')]));
    expect(meter.unreportedUsd).toBe(0);
  });
});
