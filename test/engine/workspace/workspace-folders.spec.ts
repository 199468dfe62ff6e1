import { randomUUID } from 'node:crypto';
import { existsSync, linkSync, statSync } from 'node:fs';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  ForbiddenError,
  WorkspaceUnavailableError,
} from '../../../src/agent-webkit/engine/errors.js';
import { eventually } from '../../support/eventually.js';
import { WorkspaceBench } from '../../support/workspace-bench.js';

const MISSING = { code: 'session_folder_missing' };
const modeOf = (path: string) => statSync(path).mode & 0o777;

describe('the folders of sessions', () => {
  let bench: WorkspaceBench;
  beforeEach(async () => (bench = await WorkspaceBench.create()));
  afterEach(() => bench.close());
  const at = (...parts: string[]) => join(bench.root, ...parts);
  const trash = () => readdir(at('.agent-webkit/trash'));

  it('are prepared by several servers that start at the same moment', async () => {
    const servers = await Promise.all(Array.from({ length: 8 }, () => bench.open()));
    const sessions = await Promise.all(servers.map((server) => bench.session(server)));
    for (const { folders } of sessions) expect(existsSync(folders.folder)).toBe(true);
  });

  it('are made for each session, only for the user of the server, and removed with it', async () => {
    const server = await bench.open();
    const { id, folders, config, ...session } = await bench.session(server);
    expect(folders).toEqual({
      folder: at('sessions', id),
      home: at('.agent-webkit/homes', id),
      memory: null,
      hidden: [],
      written: ['sessions', 'owners', '.agent-webkit/homes', '.agent-webkit/memories'].map((name) =>
        at(name),
      ),
    });
    expect(config.cwd).toBe(folders.folder);
    for (const path of [bench.root, at('sessions'), folders.folder, folders.home]) {
      expect(modeOf(path)).toBe(0o700);
    }
    await writeFile(join(folders.folder, 'file'), '');
    expect(await server.find({ id, config, ...session })).toEqual(folders);
    await server.remove(id);
    await server.remove(id);
    expect(existsSync(folders.folder)).toBe(false);
    expect(existsSync(folders.home)).toBe(false);
    expect(await trash()).toEqual([]);
    await expect(server.find({ id, config, ...session })).rejects.toMatchObject(MISSING);
  });

  it.each(['session', 'owner'] as const)(
    'are described to the operator of a workspace that contains a project, with %s',
    async (per) => {
      await (await bench.open({ per })).close(5000);
      await bench.open({ per });
      expect(bench.logged).toEqual([]);
      await writeFile(at('package.json'), '');
      await bench.open({ per: 'shared' });
      expect(bench.logged).toEqual([]);
      await bench.open({ per });
      expect(bench.logged).toEqual([
        expect.stringMatching(/contains other files\. .*set `workspace\.per` to 'shared'/),
      ]);
    },
  );

  it('are shared by the sessions of an owner, and kept when a session is removed', async () => {
    const server = await bench.open({ per: 'owner', autoMemory: 'owner' });
    expect(server.canStartAhead).toBe(false);
    const [one, two, other] = [
      await bench.session(server),
      await bench.session(server, { cwd: 'a/b' }),
      await bench.session(server, { owner: '../eve' }),
    ];
    expect(two.folders.folder).toBe(one.folders.folder);
    expect(two.config.cwd).toBe(join(one.folders.folder, 'a/b'));
    expect(other.folders.folder).not.toBe(one.folders.folder);
    expect(other.folders.folder).toMatch(new RegExp(`^${at('owners')}/[0-9a-f]{32}$`));
    expect((await server.find(two)).memory).toBe((await server.find(one)).memory);
    expect(existsSync(String(two.folders.memory))).toBe(true);
    await expect(bench.session(server, { cwd: other.folders.folder })).rejects.toThrow(
      ForbiddenError,
    );
    expect((await bench.session(server, { cwd: two.config.cwd })).config.cwd).toBe(two.config.cwd);
    await server.remove(one.id);
    expect(existsSync(one.folders.folder)).toBe(true);
    expect(existsSync(one.folders.home)).toBe(false);
  });

  it('are the root itself where all sessions share it, without what belongs to the server', async () => {
    await mkdir(at('sessions'), { recursive: true });
    const before = await bench.open();
    await bench.session(before);
    const server = await bench.open({ per: 'shared' });
    const session = await bench.session(server);
    expect(session.folders).toMatchObject({
      folder: bench.root,
      hidden: [at('.agent-webkit'), at('sessions')],
      written: [bench.root],
    });
    for (const cwd of ['.agent-webkit', '.agent-webkit/homes', 'sessions', 'missing', '..']) {
      await expect(bench.session(server, { cwd })).rejects.toThrow(
        'cwd: must be an existing folder inside the workspace.',
      );
    }
    await server.remove(session.id);
    expect(existsSync(bench.root)).toBe(true);
  });

  it('do not hide folders of a shared project that have the same names', async () => {
    await mkdir(at('sessions'), { recursive: true });
    const server = await bench.open({ per: 'shared' });
    const { folders, config } = await bench.session(server, { cwd: 'sessions' });
    expect(folders.hidden).toEqual([at('.agent-webkit')]);
    expect(config.cwd).toBe(at('sessions'));
  });

  it.each(['..', '../x', 'a/../../x', '/', '/etc', '.agent-webkit', './.agent-webkit/homes'])(
    'reject the working directory %s of a client',
    async (cwd) => {
      const server = await bench.open();
      await expect(bench.session(server, { cwd })).rejects.toThrow(
        'cwd: must be a path inside the folder of the session.',
      );
      expect(await readdir(at('.agent-webkit/homes'))).toEqual([]);
    },
  );

  it('reject the folder of another session, and names that are too long', async () => {
    const server = await bench.open();
    const { folders } = await bench.session(server);
    for (const cwd of [folders.folder, folders.home, 'x'.repeat(300)]) {
      await expect(bench.session(server, { cwd })).rejects.toThrow(ForbiddenError);
    }
    expect(await readdir(at('sessions'))).toHaveLength(1);
  });

  it.each(['a/b/c', './a', 'a/../b', 'a//b/', '..a'])(
    'create the working directory %s',
    async (cwd) => {
      const server = await bench.open();
      const { folders, config } = await bench.session(server, { cwd });
      expect(config.cwd).toBe(join(folders.folder, cwd).replace(/\/$/, ''));
      expect(statSync(config.cwd).isDirectory()).toBe(true);
    },
  );

  it('never lead through a link that an agent put in the place of its working directory', async () => {
    const server = await bench.open();
    const session = await bench.session(server, { cwd: 'a/b' });
    await server.find(session); // the new one, which is known
    const { folder } = session.folders;
    await rm(join(folder, 'a'), { recursive: true });
    await server.find(session);
    expect(existsSync(session.config.cwd)).toBe(true);
    await rm(join(folder, 'a'), { recursive: true });
    await symlink(bench.outside, join(folder, 'a'));
    await expect(server.find(session)).rejects.toMatchObject(MISSING);
    expect(existsSync(join(bench.outside, 'b'))).toBe(false);
    expect(JSON.stringify(await server.find(session).catch(String))).not.toContain(bench.outside);
  });

  it('never lead through a link that the agent of the same owner put there', async () => {
    const server = await bench.open({ per: 'owner' });
    const { folders } = await bench.session(server);
    await symlink(bench.outside, join(folders.folder, 'out'));
    await symlink('in', join(folders.folder, 'link'));
    await mkdir(join(folders.folder, 'in'));
    for (const cwd of ['out', 'out/new', 'out/root']) {
      await expect(bench.session(server, { cwd })).rejects.toThrow(ForbiddenError);
    }
    expect(existsSync(join(bench.outside, 'new'))).toBe(false);
    const { config } = await bench.session(server, { cwd: 'link' });
    expect(config.cwd).toBe(join(folders.folder, 'in'));
  });

  it('are reported as missing when they were removed, and not made again', async () => {
    const server = await bench.open();
    const session = await bench.session(server);
    await server.find(session);
    await rm(session.folders.folder, { recursive: true });
    await expect(server.find(session)).rejects.toMatchObject(MISSING);
    await writeFile(session.folders.folder, 'a file');
    await expect(server.find(session)).rejects.toMatchObject(MISSING);
    expect(await readFile(session.folders.folder, 'utf8')).toBe('a file');
  });

  it('are reported as missing while the root is away, and removed when it is back', async () => {
    const server = await bench.open();
    const session = await bench.session(server);
    await server.find(session);
    await rename(bench.root, `${bench.root}-away`);
    await expect(server.find(session)).rejects.toMatchObject(MISSING);
    await expect(server.remove(session.id)).rejects.toThrow(WorkspaceUnavailableError);
    expect(existsSync(bench.root)).toBe(false);
    await rename(`${bench.root}-away`, bench.root);
    expect(await server.find(session)).toEqual(session.folders);
    await server.remove(session.id);
    expect(existsSync(session.folders.folder)).toBe(false);
  });

  it('survive the end of a server with a durable storage, and not that of another one', async () => {
    const durable = await bench.open();
    const kept = await bench.session(durable);
    const volatile = await bench.open({ isDurable: false });
    const lost = await bench.session(volatile);
    await Promise.all([durable.close(5000), volatile.close(5000)]);
    expect(existsSync(kept.folders.folder)).toBe(true);
    expect(existsSync(kept.folders.home)).toBe(true);
    expect(existsSync(lost.folders.folder)).toBe(false);
    expect(existsSync(lost.folders.home)).toBe(false);
    expect(await readdir(at('.agent-webkit/servers'))).toEqual([]);
    const next = await bench.open();
    expect(await next.find(kept)).toEqual(kept.folders);
  });

  it('of a server that was killed are removed by the next one, unless a record has their session', async () => {
    const server = await bench.open();
    const [recorded, unrecorded, gone] = [randomUUID(), randomUUID(), randomUUID()];
    for (const id of [recorded, unrecorded, gone]) await server.create(id, null, { cwd: '.' });
    bench.records.add(recorded);
    // As if the server had been another process, which has ended.
    const [name = ''] = await readdir(at('.agent-webkit/servers'));
    const entry = at('.agent-webkit/servers', name, 'server.json');
    const identity = JSON.parse(await readFile(entry, 'utf8')) as object;
    expect(identity).toMatchObject({ host: hostname(), pid: process.pid });
    await writeFile(entry, JSON.stringify({ ...identity, startedAt: '1' }));
    await rm(at('sessions', gone), { recursive: true });

    await bench.open();
    await eventually(async () => (await readdir(at('sessions'))).length === 1);
    expect(await readdir(at('sessions'))).toEqual([recorded]);
    await eventually(() => !existsSync(entry));
    expect(await readdir(at('.agent-webkit/homes'))).toEqual([recorded]);
  });

  it('of a running server are left alone by another one that uses the same root', async () => {
    const server = await bench.open({ isDurable: false });
    const session = await bench.session(server);
    bench.records.clear();
    const other = await bench.open({ isDurable: false });
    await other.close(5000);
    expect(await server.find(session)).toEqual(session.folders);
  });

  it('that a server has not removed completely are removed by the next one', async () => {
    const server = await bench.open();
    await server.close(5000);
    await mkdir(at('.agent-webkit/trash/left/folder/deep'), { recursive: true });
    await chmod(at('.agent-webkit/trash/left/folder'), 0);
    await bench.open();
    await eventually(async () => (await trash()).length === 0);
  });

  it('are not created in a root that was configured and is missing', async () => {
    const closed = bench.open({ createRoot: false });
    await expect(closed).rejects.toThrow(`The workspace ${bench.root} cannot be used`);
    expect(existsSync(bench.root)).toBe(false);
  });

  it('are not created behind a link in the place of a folder of the server', async () => {
    await mkdir(bench.root);
    await symlink(bench.outside, at('.agent-webkit'));
    await expect(bench.open()).rejects.toThrow('must be a folder');
    await rm(at('.agent-webkit'));
    await symlink(bench.outside, at('sessions'));
    const server = await bench.open();
    await expect(bench.session(server)).rejects.toThrow(WorkspaceUnavailableError);
    expect(await readdir(bench.outside)).toEqual(['root']);
  });

  it('contain copies of the files that the host gives', async () => {
    const server = await bench.open();
    const template = join(bench.outside, 'template');
    await mkdir(join(template, 'src'), { recursive: true });
    await writeFile(join(template, 'src/main.ts'), 'main', { mode: 0o755 });
    await symlink('/etc/passwd', join(template, 'link'));
    await symlink('src', join(template, 'in'));
    const copy = [
      { from: template, to: '.' },
      { from: join(template, 'src/main.ts'), to: 'copies/again.ts' },
    ];
    const { folders, config } = await bench.session(server, { cwd: 'src', files: { copy } });
    expect(config.cwd).toBe(join(folders.folder, 'src'));
    expect(await readFile(join(config.cwd, 'main.ts'), 'utf8')).toBe('main');
    expect(modeOf(join(config.cwd, 'main.ts'))).toBe(0o755);
    expect(await readFile(join(folders.folder, 'copies/again.ts'), 'utf8')).toBe('main');
    expect((await stat(join(folders.folder, 'in/main.ts'))).isFile()).toBe(true);
    const into = bench.session(server, { cwd: 'link', files: { copy } });
    await expect(into).rejects.toThrow(ForbiddenError);
  });

  it('are removed when the files cannot be copied', async () => {
    const server = await bench.open();
    const template = join(bench.outside, 'template');
    await mkdir(template);
    await symlink(bench.outside, join(template, 'out'));
    await writeFile(join(template, 'file'), '');
    const copies = [
      [
        { from: template, to: '.' },
        { from: template, to: 'out/new' },
      ],
      [
        { from: template, to: '.' },
        { from: join(template, 'file'), to: 'file' },
      ],
      [{ from: join(template, 'missing'), to: '.' }],
      [{ from: bench.outside, to: '.' }],
      [{ from: '/dev/null', to: 'null' }],
    ];
    for (const copy of copies) {
      const created = bench.session(server, { files: { copy } });
      await expect(created).rejects.toThrow('configureSession must return `files.copy');
    }
    expect(existsSync(join(bench.outside, 'new'))).toBe(false);
    expect(await readdir(at('sessions'))).toEqual([]);
    expect(await readdir(at('.agent-webkit/homes'))).toEqual([]);
  });

  it('count by the blocks of their files, each file once, and none behind a link', async () => {
    const server = await bench.open();
    const session = await bench.session(server);
    const { folder, home } = session.folders;
    const measure = () => server.measure(session, Number.POSITIVE_INFINITY);
    const empty = await measure();
    await writeFile(join(folder, 'file'), Buffer.alloc(1_000_000, 1));
    await writeFile(join(home, 'file'), Buffer.alloc(1_000_000, 1));
    linkSync(join(folder, 'file'), join(folder, 'hard-link'));
    await symlink('/usr', join(folder, 'link'));
    const measured = await measure();
    expect(measured - empty).toBeGreaterThan(1_999_999);
    expect(measured - empty).toBeLessThan(2_100_000);
    const others = [await mkdtemp(join(bench.outside, 'other-'))];
    await writeFile(join(others[0]!, 'file'), Buffer.alloc(500_000, 1));
    const withOthers = await server.measure(session, Number.POSITIVE_INFINITY, others);
    expect(withOthers - measured).toBeGreaterThan(499_999);
    await rm(join(folder, 'file'));
    await rm(join(folder, 'hard-link'));
    await rm(join(home, 'file'));
    for (let n = 0; n < 1000; n += 1) await writeFile(join(folder, `empty-${n}`), '');
    await chmod(folder, 0);
    expect((await measure()) - empty).toBeGreaterThan(1_000_000);
  });
});
