import { afterEach, describe, expect, it } from '@jest/globals';
import type { PermissionUpdate } from '../../../src/agent-webkit/engine/agent-client.js';
import { MemoryStorage } from '../../../src/agent-webkit/storage/memory/memory-storage.js';
import { init, result } from '../../support/sdk-messages.js';
import { SessionBench } from '../../support/session-bench.js';

const destination = 'session';
const git = { toolName: 'Bash', ruleContent: 'git:*' };
const allowGit: PermissionUpdate = {
  type: 'addRules',
  behavior: 'allow',
  rules: [git],
  destination,
};

describe('Grants in a reply', () => {
  let bench: SessionBench;
  let count = 0;
  afterEach(() => bench.close());

  /** Asks for a permission in a turn of the newest agent, and replies with these updates. */
  async function reply(
    behavior: 'allow' | 'deny',
    ...updated_permissions: PermissionUpdate[]
  ): Promise<void> {
    const toolUseID = `toolu_${(count += 1)}`;
    const asked = bench.agent.ask('Bash', {}, { toolUseID });
    const answer = { correlation_id: toolUseID, behavior, updated_permissions };
    await bench.session.accept({ type: 'permission_response', ...answer }, { id: 'ada' });
    await asked;
  }

  async function start(storage = new MemoryStorage()): Promise<void> {
    bench = await SessionBench.start({ storage });
    await bench.say('hi');
    await bench.agent.received(1);
    bench.agent.say(init());
  }

  it('are given to the next agent, after a stop and on another server', async () => {
    await start();
    await reply('allow', allowGit, { type: 'addDirectories', directories: ['/a'], destination });
    const grants = { allow: [git], deny: [], ask: [], directories: ['/a'] };
    bench.agent.say(result());
    await bench.said('result');
    await bench.session.stopIdleAgent();
    await bench.say('again');
    expect((await bench.started(2)).start.grants).toEqual(grants);

    bench = await SessionBench.restart(bench);
    await bench.say('again');
    expect((await bench.started(1)).start.grants).toEqual(grants);
  });

  it('are not kept with a denial', async () => {
    await start();
    await reply('deny', allowGit);
    expect(bench.session.config.grants).toBeUndefined();
  });

  it('replace the agent after its turn when they take something back', async () => {
    await start();
    await reply('allow', allowGit, { ...allowGit, behavior: 'deny' });
    await reply('allow', { ...allowGit, type: 'removeRules' });
    expect(bench.agent.isClosed).toBe(false);
    bench.agent.say(result());
    await bench.said('session_state');
    await bench.say('again');
    expect((await bench.started(2)).start.grants).toMatchObject({ allow: [], deny: [git] });
  });

  it('are rejected before the request is resolved when there are too many', async () => {
    await start();
    const rules = [{ toolName: 'Bash', ruleContent: 'x'.repeat(70_000) }];
    const replied = reply('allow', { ...allowGit, rules });
    await expect(replied).rejects.toMatchObject({ code: 'payload_too_large' });
    expect(await bench.data('request_resolved')).toEqual([]);
  });

  it('are given to the next agent when they cannot be stored, and are stored later', async () => {
    const storage = new MemoryStorage();
    await start(storage);
    await reply('allow', allowGit, { ...allowGit, behavior: 'deny' });
    const update = storage.records.update.bind(storage.records);
    storage.records.update = () => Promise.reject(new Error('The disk is full.'));
    await reply('allow', { ...allowGit, type: 'removeRules' });
    const grants = { allow: [], deny: [git] };
    bench.agent.say(result());
    await bench.said('session_state');
    storage.records.update = update;
    await bench.say('again');
    expect((await bench.started(2)).start.grants).toMatchObject(grants);

    bench = await SessionBench.restart(bench);
    await bench.say('again');
    expect((await bench.started(1)).start.grants).toMatchObject(grants);
  });

  it('do not undo the reply when they cannot be stored', async () => {
    const storage = new MemoryStorage();
    await start(storage);
    storage.records.update = () => Promise.reject(new Error('The disk is full.'));
    await reply('allow', allowGit);
    expect(await bench.data('request_resolved')).toMatchObject([{ outcome: 'allowed' }]);
  });
});
