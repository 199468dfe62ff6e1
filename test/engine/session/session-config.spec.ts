import { afterEach, describe, expect, it } from '@jest/globals';
import { createDeferred } from '../../../src/agent-webkit/agents/claude/deferred.js';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { result } from '../../support/sdk-messages.js';
import { SessionBench, settle } from '../../support/session-bench.js';

describe('a change of the model or the permission mode', () => {
  let bench: SessionBench;
  const setModel = (model: string | null) =>
    bench.session.accept({ type: 'set_model', model }, { id: 'ada' });
  const setMode = (mode: 'plan' | 'acceptEdits') =>
    bench.session.accept({ type: 'set_permission_mode', mode }, { id: 'ada' });
  afterEach(() => bench.close());

  it('reaches the running agent and the record', async () => {
    bench = await SessionBench.start();
    await setModel('opus');
    await setMode('plan');
    await setModel(null);
    expect(bench.agent.calls).toEqual(['setModel opus', 'setPermissionMode plan', 'setModel null']);
    expect(bench.session.info()).toMatchObject({ model: null, permission_mode: 'plan' });
    const record = await bench.storage.records.get(bench.session.id);
    expect(record?.config).toMatchObject({ model: null, permissionMode: 'plan' });
  });

  it('applies to the next agent when there is none', async () => {
    bench = await SessionBench.start();
    bench.agent.die('crashed');
    await bench.said('session_state');
    await setModel('opus');
    await setMode('plan');
    expect(bench.agents).toHaveLength(1);
    await bench.say('hi');
    expect((await bench.started(2)).start).toMatchObject({ model: 'opus', permissionMode: 'plan' });
  });

  it('applies to an agent whose start waits for the last one to be gone', async () => {
    bench = await SessionBench.start();
    const free = bench.holdEnd();
    bench.agent.die('crashed');
    await bench.said('session_state');
    await bench.say('hi');
    await bench.said('turn_start');
    await setModel('opus');
    free();
    expect((await bench.started(2)).start.model).toBe('opus');
  });

  it('is not lost to a concurrent change', async () => {
    bench = await SessionBench.start();
    await Promise.all([setModel('opus'), setMode('plan'), setModel('haiku')]);
    expect(bench.session.config).toMatchObject({ model: 'haiku', permissionMode: 'plan' });
    const record = await bench.storage.records.get(bench.session.id);
    expect(record?.config).toMatchObject({ model: 'haiku', permissionMode: 'plan' });
  });

  it('is rejected while a hundred changes wait for the agent, also of requests at the same time', async () => {
    bench = await SessionBench.start();
    const { promise: answer, resolve } = createDeferred<void>();
    const waiting: string[] = [];
    bench.agent.setModel = (model) => {
      waiting.push(String(model));
      return answer;
    };
    const models = Array.from({ length: 300 }, (_, index) => `model-${index}`);
    const outcomes = await Promise.allSettled(models.map(setModel));
    const rejected = outcomes.filter((outcome) => outcome.status === 'rejected');

    expect(waiting).toEqual(models.slice(0, 100));
    expect(rejected).toHaveLength(200);
    expect(rejected[0]?.reason).toMatchObject({ code: 'backpressure', retryAfterSeconds: 5 });
    await expect(setMode('plan')).rejects.toMatchObject({ code: 'backpressure' });
    resolve();
    await settle();
    await setMode('plan');
    expect(bench.session.config).toMatchObject({ model: 'model-99', permissionMode: 'plan' });
  });

  it('is undone and published as an error when the agent rejects it', async () => {
    bench = await SessionBench.start();
    bench.agent.setModel = () => Promise.reject(new Error('No such model.'));
    await setModel('nonsense');
    await bench.said('error');
    expect(await bench.data('error')).toEqual([expect.objectContaining({ code: 'agent_error' })]);
    expect(bench.session.config.model).toBeNull();
  });

  it('keeps an effort that the agent accepts, and undoes and publishes one that it rejects', async () => {
    bench = await SessionBench.start();
    const setEffort = (effort: 'low' | 'max') =>
      bench.session.accept({ type: 'set_effort', effort }, { id: 'ada' });
    await setEffort('low');
    await setEffort('low');
    expect(bench.agent.calls).toEqual(['setEffort low']);
    bench.agent.setEffort = () => Promise.reject(new Error('Too much.'));
    await setEffort('max');
    await bench.said('effort_changed', 3);
    const changes = await bench.data('effort_changed');
    expect(changes).toMatchObject([{ effort: 'low' }, { effort: 'max' }, { effort: 'low' }]);
    await settle();
    expect(bench.session.config.effort).toBe('low');
    expect(await bench.data('error')).toMatchObject([
      { code: 'agent_error', message: 'Too much.' },
    ]);
  });

  it('is rejected and changes nothing when it cannot be stored', async () => {
    const storage = new MemoryStorage();
    bench = await SessionBench.start({ storage });
    storage.records.update = () => Promise.reject(new Error('The disk is full.'));
    await expect(setModel('opus')).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(bench.session.config.model).toBeNull();
    expect(bench.agent.calls).toEqual([]);
  });

  it('accepts messages while the time of the last activity cannot be stored', async () => {
    const storage = new MemoryStorage();
    bench = await SessionBench.start({ storage });
    storage.records.update = () => Promise.reject(new Error('The disk is full.'));
    await bench.say('hi');
    await bench.agent.received(1);
    bench.agent.say(result());
    await bench.said('result');
    await settle();
    expect(bench.session.state).toBe('idle');
  });
});
