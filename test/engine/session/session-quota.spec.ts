import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { FakeFolders } from '../../support/fake-folders.js';
import { result } from '../../support/sdk-messages.js';
import { SessionBench, settle, stopTime } from '../../support/session-bench.js';

const MIB = 1024 ** 2;

/** Folders whose size the test decides. */
class MeasuredFolders extends FakeFolders {
  override readonly quotaBytes = 100 * MIB;
  size = 0;
  override measure: FakeFolders['measure'] = () => Promise.resolve(this.size);
}

async function pass(ms: number): Promise<void> {
  await jest.advanceTimersByTimeAsync(ms);
  await settle();
}

describe('the disk quota of a session', () => {
  let bench: SessionBench;
  let folders: MeasuredFolders;
  beforeEach(async () => {
    stopTime();
    folders = new MeasuredFolders();
    bench = await SessionBench.start({ folders });
    await pass(0);
  });
  afterEach(async () => {
    await bench.close();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it('ends the agent of a turn that exceeds it, and the next message starts another one', async () => {
    await bench.say('fill the disk');
    await bench.agent.received(1);
    folders.size = 99 * MIB;
    await pass(5000);
    expect(bench.agent.isClosed).toBe(false);
    folders.size = 101 * MIB;
    await pass(5000);
    expect(bench.agents[0]?.isClosed).toBe(true);
    expect((await bench.names()).slice(-3)).toEqual(['error', 'result', 'session_state']);
    expect(await bench.data('error')).toEqual([
      { code: 'disk_quota_exceeded', message: expect.stringContaining('100 MiB') },
    ]);
    expect(await bench.data('result')).toMatchObject([{ is_error: true }]);

    await bench.say('delete the files');
    const second = await bench.started(2);
    await second.received(1);
    await pass(5000);
    folders.size = 50 * MIB;
    await pass(5000);
    second.say(result());
    await bench.said('result', 2);
    expect(await bench.data('result')).toMatchObject([{ is_error: true }, { is_error: false }]);
  });

  it('does not let a turn add to a folder that is too large', async () => {
    folders.size = 200 * MIB;
    await pass(60_000);
    await bench.say('work');
    await bench.agent.received(1);
    folders.size = 200.9 * MIB;
    await pass(5000);
    expect(bench.agent.isClosed).toBe(false);
    folders.size = 150 * MIB;
    await pass(5000);
    folders.size = 152 * MIB;
    await pass(5000);
    expect(bench.agent.isClosed).toBe(true);
  });

  it('ends an agent whose background processes exceed it between turns', async () => {
    await bench.say('start a server');
    await bench.agent.received(1);
    bench.agent.say(result());
    await bench.said('result');
    await pass(60_000);
    folders.size = 101 * MIB;
    await pass(60_000);
    expect(bench.agent.isClosed).toBe(true);
    expect(await bench.data('error')).toMatchObject([{ code: 'disk_quota_exceeded' }]);
    expect(await bench.data('result')).toHaveLength(1);
  });

  it('counts folders of the agent outside of those of the session', async () => {
    const counted: unknown[] = [];
    folders.measure = async (_session: unknown, _stopAbove: unknown, others: unknown) => {
      counted.push(others);
      return 0;
    };
    await bench.say('work');
    await bench.agent.received(1);
    await pass(5000);
    expect(counted.at(-1)).toEqual([]);
    Object.assign(bench.agent, { folders: ['/tmp/resumed'] });
    await pass(5000);
    expect(counted.at(-1)).toEqual(['/tmp/resumed']);
  });

  it('counts the transcripts that the agent has the server store', async () => {
    await bench.say('work');
    await bench.agent.received(1);
    await pass(5000);
    const { transcripts, sessionId } = bench.agent.start;
    const entries = [{ type: 'user', text: 'x'.repeat(101 * MIB) }];
    await transcripts?.append({ projectKey: 'p', sessionId }, entries);
    await pass(5000);
    expect(bench.agent.isClosed).toBe(true);
    expect(await bench.data('error')).toMatchObject([{ code: 'disk_quota_exceeded' }]);
  });

  it('measures nothing while no agent runs, and never twice at a time', async () => {
    let running = 0;
    let most = 0;
    let count = 0;
    folders.measure = async () => {
      count += 1;
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 10_000));
      running -= 1;
      return 0;
    };
    await bench.say('work');
    await bench.agent.received(1);
    await pass(300_000);
    expect(most).toBe(1);
    expect(count).toBeLessThan(5);
    bench.agent.say(result());
    await bench.said('result');
    void bench.session.stopIdleAgent();
    await pass(300_000);
    count = 0;
    await pass(300_000);
    expect(count).toBe(0);
  });
});
