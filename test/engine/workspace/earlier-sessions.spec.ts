import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { WorkspaceBench } from '../../support/workspace-bench.js';

const sessionIn = (cwd: string) => ({ id: randomUUID(), owner: 'ada', config: { cwd } });

describe('the folder of a session that an earlier version created, or an earlier configuration', () => {
  let bench: WorkspaceBench;
  beforeEach(async () => (bench = await WorkspaceBench.create()));
  afterEach(() => bench.close());
  const at = (...parts: string[]) => join(bench.root, ...parts);

  it('hides the folders of new sessions, also before there are any', async () => {
    const server = await bench.open();
    expect(await server.find(sessionIn(bench.root))).toMatchObject({
      folder: bench.root,
      hidden: [at('.agent-webkit'), at('sessions')],
    });
    const ofOwners = await bench.open({ per: 'owner' });
    expect((await ofOwners.find(sessionIn(bench.root))).hidden).toContain(at('owners'));
  });

  it('hides what belongs to the server and to other sessions in a root that is no longer used', async () => {
    const before = await bench.open();
    await bench.session(before);
    await before.close(1000);
    const server = await bench.open({ root: join(bench.outside, 'other') });
    const { hidden } = await server.find(sessionIn(bench.root));
    expect(hidden).toEqual([at('.agent-webkit'), at('sessions')]);
  });

  it('is reported when it contains the workspace, or the current directory of the server', async () => {
    const server = await bench.open();
    await mkdir(at('project'));
    const { containsServer: aroundWorkspace } = await server.find(sessionIn(bench.outside));
    expect(aroundWorkspace).toBe(true);
    for (const cwd of [process.cwd(), dirname(process.cwd())]) {
      expect((await server.find(sessionIn(cwd))).containsServer).toBe(true);
    }
    for (const cwd of [bench.root, at('project')]) {
      expect((await server.find(sessionIn(cwd))).containsServer).toBeUndefined();
    }
    // Here the host has chosen it in words.
    const root = process.cwd();
    const shared = await bench.open({ per: 'shared', root: bench.outside });
    expect((await shared.find(sessionIn(bench.outside))).containsServer).toBeUndefined();
    expect((await shared.find(sessionIn(root))).containsServer).toBe(true);
  });

  it('is reported in the log where all sessions share it, and the server runs in it', async () => {
    await bench.open({ per: 'shared' });
    expect(bench.logged).toEqual([]);
    const cwd = jest.spyOn(process, 'cwd').mockReturnValue(at('server'));
    await bench.open({ per: 'shared' }).finally(() => cwd.mockRestore());
    expect(bench.logged).toEqual([
      `The workspace ${bench.root} contains the current directory of the server. Agents can read and change all files in it, such as a database and .env. Start the server in another directory, and move such files there.`,
    ]);
  });
});
