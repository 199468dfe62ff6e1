import { mkdir, mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SqliteStorage } from '../../../src/agent-webkit/storage/sqlite/sqlite-storage.js';
import { ClaudeApp } from './claude-app.js';
import type { Tab } from './tab.js';

const PLAN = '# The plan\n\n1. Buy milk.';

function write(file: string, content: string): string {
  return `use Write ${JSON.stringify({ file_path: file, content })}`;
}

async function requestApproval(tab: Tab): Promise<Record<string, unknown>> {
  await tab.session.send('use ExitPlanMode {}');
  return tab.next('permission_request');
}

/** Allows a request as it was shown. Resolves to the output that the agent receives. */
async function approve(tab: Tab, request: Record<string, unknown>): Promise<unknown> {
  await tab.session.approve(String(request['correlation_id']));
  await tab.next('result');
  return tab.all('tool_result').at(-1)?.['output'];
}

describe('The plan of an agent that has ended', () => {
  let folder: string;
  let app: ClaudeApp;

  /** Starts a server with the sessions, the workspace and the home of the one before. */
  const start = async (home = 'home') => {
    const cwd = join(folder, 'cwd');
    const HOME = join(folder, home);
    await Promise.all([cwd, HOME].map((path) => mkdir(path, { recursive: true })));
    app = await ClaudeApp.start('express', {
      storage: new SqliteStorage({ file: join(folder, 'sessions.db') }),
      timeouts: { idleTimeoutMs: 100 },
      workspace: { root: cwd },
      overrides: { env: { HOME, CLAUDE_CONFIG_DIR: HOME } },
    });
  };
  const stop = async () => expect(await app.close()).toEqual([]);
  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'agent-webkit-plans-')));
    await start();
  });
  afterEach(async () => {
    await stop();
    await rm(folder, { recursive: true });
  });

  /** Opens a session in plan mode whose agent has written its plan. Resolves to the path, too. */
  const openPlanned = async (): Promise<[Tab, string]> => {
    const tab = await app.open({ permission_mode: 'plan' });
    await tab.turn('hello');
    const asked = JSON.stringify(app.asked('hello'));
    const file = /\/[^"\s\\]*\/plans\/[\w-]+\.md/.exec(asked)?.[0] ?? '';
    await tab.turn(write(file, PLAN));
    expect(tab.all('tool_result')).toMatchObject([{ is_error: false }]);
    return [tab, file];
  };

  it('is shown by the agent that follows one that was killed', async () => {
    const [tab] = await openPlanned();
    await app.killAgent(tab.id);
    await app.reaches(tab.id, 'dormant');
    const request = await requestApproval(tab);
    expect(request['input']).toMatchObject({ plan: PLAN });
    expect(await approve(tab, request)).toContain(PLAN);
  });

  it('is shown after a time without an agent and after a restart of the server, with its changes', async () => {
    const [tab, file] = await openPlanned();
    const { id, lastId } = tab;
    tab.session.detach();
    await app.reaches(id, 'dormant');

    const awake = app.attach(id, lastId);
    const changed = `${PLAN}\n2. Buy bread.`;
    await awake.session.send(write(file, changed));
    await approve(awake, await awake.next('permission_request'));
    const seen = awake.lastId;
    await stop();
    await start();

    const request = await requestApproval(app.attach(id, seen));
    expect(request['input']).toMatchObject({ plan: changed });
    expect(await readdir(join(app.homeOf(id), 'plans'))).toHaveLength(1);
  });

  it('is reported as missing on a machine that does not have it', async () => {
    const [{ id, lastId }] = await openPlanned();
    await stop();
    await rm(join(app.homeOf(id), 'plans'), { recursive: true, force: true });
    await start('other-home');

    const request = await requestApproval(app.attach(id, lastId));
    expect(request).toMatchObject({ input: {}, context: { plan_missing: true } });
  });
});
