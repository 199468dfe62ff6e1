import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { HeldStorage } from '../../support/held-storage.js';
import { result } from '../../support/sdk-messages.js';
import { SessionBench, settle, stopTime } from '../../support/session-bench.js';

// A reply may wait for a commit that a test holds for longer than a request stays open.
const LIMITS = { requestTimeoutMs: 5000, storageTimeoutMs: 60_000 };
const EXPIRED = { behavior: 'deny', message: 'No reply arrived in time.' };
const ADA = { id: 'ada' };

async function pass(ms: number): Promise<void> {
  jest.advanceTimersByTime(ms);
  await settle();
}

describe('a request without a reply', () => {
  let bench: SessionBench;
  const reply = (correlation_id: string) =>
    bench.session.accept({ type: 'permission_response', correlation_id, behavior: 'allow' }, ADA);
  const ask = (toolUseID: string, tool = 'Bash', signal = new AbortController().signal) =>
    bench.agent.ask(tool, { questions: [] }, { toolUseID, signal });
  const outcomes = async () =>
    (await bench.data('request_resolved')).map((data) => (data as { outcome: string }).outcome);
  const start = async (options: Parameters<typeof SessionBench.start>[0] = { limits: LIMITS }) => {
    bench = await SessionBench.start(options);
    await settle();
  };
  beforeEach(stopTime);
  afterEach(async () => {
    await bench.close();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it.each([
    ['Bash', 'permission'],
    ['AskUserQuestion', 'question'],
  ])('expires after its timeout when its tool is %s, and is denied', async (tool, kind) => {
    await start();
    const asked = ask('t1', tool);
    await pass(4999);
    expect(bench.session.state).toBe('awaiting');
    await pass(1);
    expect(await asked).toEqual(EXPIRED);
    expect(await bench.data('request_resolved')).toMatchObject([
      { correlation_id: 't1', kind, outcome: 'expired' },
    ]);
    expect(bench.session.info().pending).toEqual([]);
    await expect(reply('t1')).rejects.toMatchObject({ code: 'no_pending_request' });
  });

  it('expires as cancelled when an MCP server made it', async () => {
    await start();
    const asked = bench.agent.askPeople('elicitation', { serverName: 'crm', message: 'Who?' });
    await pass(5000);
    expect(await asked).toEqual({ action: 'cancel' });
    expect(await bench.data('request_resolved')).toMatchObject([
      { kind: 'elicitation', outcome: 'expired' },
    ]);
  });

  it('expires after the time of its tool, with the decision of its tool', async () => {
    await start({
      limits: LIMITS,
      expiry: {
        'mcp__crm__*': { afterMs: 1000, decision: 'allow' },
        '*': { afterMs: 2000, decision: 'deny' },
      },
    });
    const allowed = ask('t1', 'mcp__crm__read');
    const denied = ask('t2', 'Bash');
    expect(bench.session.info().pending).toMatchObject([
      { expiry: { at: new Date(Date.now() + 1000).toISOString(), decision: 'allow' } },
      { expiry: { at: new Date(Date.now() + 2000).toISOString(), decision: 'deny' } },
    ]);
    await pass(1000);
    expect(await allowed).toEqual({ behavior: 'allow', updatedInput: { questions: [] } });
    await pass(999);
    expect(bench.session.state).toBe('awaiting');
    await pass(1);
    expect(await denied).toEqual(EXPIRED);
    const [first, second] = (await bench.data('request_resolved')) as object[];
    expect(first).toMatchObject({ correlation_id: 't1', outcome: 'allowed', expired: true });
    expect(first).not.toHaveProperty('by');
    expect(second).toMatchObject({ correlation_id: 't2', outcome: 'expired' });
    expect(second).not.toHaveProperty('expired');
    expect(bench.decisions).toMatchObject([
      { outcome: 'allowed', caller: null },
      { outcome: 'expired', caller: null },
    ]);
  });

  it('is denied when it is a question, also where its tool is to be allowed', async () => {
    await start({ expiry: { '*': { afterMs: 1000, decision: 'allow' } } });
    const asked = ask('t1', 'AskUserQuestion');
    expect(bench.session.info().pending).toMatchObject([{ expiry: { decision: 'deny' } }]);
    await pass(1000);
    expect(await asked).toEqual(EXPIRED);
  });

  it('is resolved once when a reply arrives before it would be allowed', async () => {
    await start({ expiry: { Bash: { afterMs: 1000, decision: 'allow' } } });
    const asked = ask('t1');
    const deny = { type: 'permission_response', correlation_id: 't1', behavior: 'deny' } as const;
    await bench.session.accept(deny, ADA);
    await pass(1000);
    expect(await asked).toMatchObject({ behavior: 'deny' });
    expect(await outcomes()).toEqual(['denied']);
  });

  it('never expires when there is no timeout', async () => {
    await start({});
    void ask('t1');
    expect(jest.getTimerCount()).toBe(0);
    await pass(24 * 60 * 60 * 1000);
    expect(bench.session.state).toBe('awaiting');
  });

  it('has a timeout of its own', async () => {
    await start();
    void ask('t1');
    await pass(3000);
    void ask('t2');
    await pass(2000);
    expect(bench.session.info().pending).toMatchObject([{ correlation_id: 't2' }]);
    await reply('t2');
    await pass(60_000);
    expect(await outcomes()).toEqual(['expired', 'allowed']);
  });

  it('has one timeout when the agent sends it twice, and both calls get the result', async () => {
    await start();
    const first = ask('t1');
    await pass(3000);
    const second = ask('t1');
    await pass(2000);
    expect(await Promise.all([first, second])).toEqual([EXPIRED, EXPIRED]);
    expect(await outcomes()).toEqual(['expired']);
  });

  it.each(['answered', 'cancelled', 'interrupted', 'ended'])(
    'leaves no timer behind when it was %s',
    async (how) => {
      await start();
      const controller = new AbortController();
      if (how === 'interrupted') {
        await bench.say('hi');
        await bench.said('turn_start');
      }
      const asked = ask('t1', 'Bash', controller.signal);
      if (how === 'answered') await reply('t1');
      if (how === 'cancelled') controller.abort();
      if (how === 'interrupted') {
        bench.agent.onInterrupt = () => bench.agent.say(result());
        await bench.session.accept({ type: 'interrupt' }, ADA);
        await bench.said('result');
      }
      if (how === 'ended') await bench.close();
      await asked;
      await settle();
      expect(jest.getTimerCount()).toBe(0);
      expect(await outcomes()).toEqual([how === 'answered' ? 'allowed' : 'cancelled']);
    },
  );

  it('does not expire after a reply whose outcome is not committed yet', async () => {
    const storage = new HeldStorage();
    storage.events.isHeld = false;
    await start({ storage, limits: LIMITS });
    const asked = ask('t1');
    await bench.said('permission_request');
    storage.events.isHeld = true;
    const replied = reply('t1');
    await storage.events.holds('request_resolved');
    await pass(5000);
    storage.events.release();
    await replied;
    expect(await asked).toMatchObject({ behavior: 'allow' });
    expect(await outcomes()).toEqual(['allowed']);
  });

  it('rejects a reply after it expired, and the agent gets the result when that is committed', async () => {
    const storage = new HeldStorage();
    storage.events.isHeld = false;
    await start({ storage, limits: LIMITS });
    let answer: unknown = null;
    void ask('t1').then((given) => (answer = given));
    await bench.said('permission_request');
    storage.events.isHeld = true;
    await pass(5000);
    await expect(reply('t1')).rejects.toMatchObject({ code: 'no_pending_request' });
    expect(answer).toBeNull();
    expect(bench.decisions).toEqual([]);
    storage.events.release();
    await bench.said('request_resolved');
    await settle();
    expect(answer).toEqual(EXPIRED);
    expect(bench.decisions).toMatchObject([{ outcome: 'expired', caller: null }]);
  });

  it('lets the idle agent be stopped when it expires outside a turn', async () => {
    await start({ limits: { ...LIMITS, idleTimeoutMs: 1000 } });
    await bench.say('hi');
    await bench.said('turn_start');
    void ask('t1');
    bench.agent.say(result());
    await bench.said('result');
    await pass(5000);
    expect(await outcomes()).toEqual(['expired']);
    expect(bench.session.state).toBe('idle');
    await pass(1000);
    expect(bench.session.state).toBe('dormant');
  });

  it('lets the idle agent be stopped when the agent has aborted it', async () => {
    await start({ limits: { idleTimeoutMs: 1000 } });
    const controller = new AbortController();
    void ask('t1', 'Bash', controller.signal);
    await pass(5000);
    expect(bench.session.state).toBe('awaiting');
    controller.abort();
    await settle();
    await pass(1000);
    expect(bench.session.state).toBe('dormant');
  });

  it('keeps no process alive', async () => {
    const unref = jest.spyOn(globalThis, 'setTimeout');
    await start();
    void ask('t1');
    const timer = unref.mock.results.at(-1)?.value as NodeJS.Timeout;
    expect(timer.hasRef()).toBe(false);
    unref.mockRestore();
  });
});
