import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ClaudeOverrides } from '../../../src/agent-webkit/agents/claude/claude-options.js';
import { sandboxWalls } from '../../../src/agent-webkit/agents/claude/sandbox-walls.js';
import { NO_LIMITS } from '../../../src/agent-webkit/sandbox/conformance/run.js';

const plugin = (path: string) => ({ type: 'local' as const, path });

describe('the files of the host in a sandbox', () => {
  let root: string;
  const at = (...names: string[]) => join(root, ...names);

  beforeEach(async () => {
    root = await realpath(await mkdtemp(join(tmpdir(), 'host-files-')));
    const folders = ['work', 'home', 'others/work', 'secret', 'srv/data', 'srv/plugin'];
    await Promise.all(folders.map((name) => mkdir(at(name), { recursive: true })));
    await writeFile(at('srv/reference'), '');
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  function wallsWith({ readOnly = [], ...overrides }: ClaudeOverrides & { readOnly?: string[] }) {
    const walls = { sandbox: null as never, limits: NO_LIMITS, readOnly, allow: [] };
    const folders = { folder: at('work'), home: at('home'), memory: null, hidden: [] };
    const { writable, readOnly: readable } = sandboxWalls({
      walls,
      folders: { ...folders, written: [at('others')] },
      configFolder: at('home'),
      modelSocket: at('model.sock'),
      proxySocket: null,
      overrides,
    });
    return { writable: writable.slice(2), readOnly: readable };
  }

  it('are their real paths, also by links of the host', async () => {
    await symlink(at('srv'), at('link'));
    await symlink('../srv/./data', at('srv', 'relative'));
    const walls = wallsWith({
      additionalDirectories: [at('srv/relative')],
      plugins: [plugin(at('link/plugin'))],
      readOnly: [at('link/reference'), at('srv/missing'), 'relative'],
    });
    expect(walls).toEqual({
      writable: [at('srv/data')],
      readOnly: [at('srv/reference'), at('srv/plugin')],
    });
  });

  it.each([
    ["the agent's folder", 'work'],
    ["the agent's home", 'home'],
    ['a folder of other agents', 'others/work'],
  ])('are not where a link in %s leads', async (_, folder) => {
    await symlink(at('secret'), at(folder, 'replaced'));
    await symlink(at(folder), at('srv/to-folder'));
    for (const path of [at(folder, 'replaced'), at('srv/to-folder/replaced'), at(folder)]) {
      const given = { additionalDirectories: [path], plugins: [plugin(path)], readOnly: [path] };
      expect(wallsWith(given)).toEqual({ writable: [], readOnly: [] });
    }
  });

  it('are not where a link in another writable folder of the host leads', async () => {
    await symlink(at('secret'), at('srv/data/replaced'));
    await symlink(at('srv/data/replaced'), at('link'));
    const replaced = at('srv/data/replaced');
    for (const path of [replaced, at('link')]) {
      const walls = wallsWith({
        additionalDirectories: [path, at('srv/data')],
        plugins: [plugin(path)],
        readOnly: [path],
      });
      expect(walls).toEqual({ writable: [at('srv/data')], readOnly: [] });
    }
  });

  it('include a folder that contains the one of the agent', () => {
    expect(wallsWith({ additionalDirectories: [root] }).writable).toEqual([root]);
  });

  it('do not include a link that leads nowhere', async () => {
    await symlink(at('circle'), at('circle'));
    expect(wallsWith({ readOnly: [at('circle')] }).readOnly).toEqual([]);
  });
});
