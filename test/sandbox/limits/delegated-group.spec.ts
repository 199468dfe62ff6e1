import { afterEach, describe, expect, it } from '@jest/globals';
import { findDelegatedGroup } from '../../../src/agent-webkit/sandbox/limits/delegated-group.js';
import { FakeCgroups } from './fake-cgroups.js';

const SERVICE = '/system.slice/agents.service';
const PID = 4711;

describe('the cgroup for the agents of a server', () => {
  let cgroups: FakeCgroups;
  afterEach(() => cgroups.remove());

  const find = () => findDelegatedGroup(cgroups.proc, PID);

  it('is that of the service when the server is alone in it, and the server moves into a group inside', () => {
    cgroups = new FakeCgroups(SERVICE);
    const folder = cgroups.add(SERVICE, { procs: '' });
    expect(find()).toEqual({ folder, controllers: ['memory', 'pids', 'cpu'] });
    expect(cgroups.read(`cgroup${SERVICE}/agent-webkit-server/cgroup.procs`)).toBe(String(PID));
    expect(cgroups.read(`cgroup${SERVICE}/cgroup.subtree_control`)).toBe('+memory +pids +cpu');
  });

  it('is the one above that of the server when systemd has put the server into a group inside', () => {
    cgroups = new FakeCgroups(`${SERVICE}/server`);
    const folder = cgroups.add(SERVICE);
    cgroups.add(`${SERVICE}/server`, { procs: `${PID}\n` });
    expect(find()).toMatchObject({ folder });
    expect(cgroups.list(`cgroup${SERVICE}/server`)).not.toContain('agent-webkit-server');
  });

  it('is that of a container, whose group is the root of its namespace', () => {
    cgroups = new FakeCgroups('/');
    const folder = cgroups.add('/');
    expect(find()).toMatchObject({ folder: expect.stringContaining(folder.replace(/\/$/, '')) });
  });

  it('has no controller for processors where none is delegated', () => {
    cgroups = new FakeCgroups(SERVICE);
    cgroups.add(SERVICE, { controllers: 'memory pids' });
    expect(find()).toMatchObject({ controllers: ['memory', 'pids'] });
  });

  it.each<[string, string, (tree: FakeCgroups) => void, RegExp]>([
    [
      'the server shares its group with other processes',
      '/user.slice/session-1.scope',
      (tree) => tree.add('/user.slice/session-1.scope', { procs: `12\n${PID}\n13\n` }),
      /has 2 other processes/,
    ],
    [
      'the group has no memory controller',
      SERVICE,
      (tree) => tree.add(SERVICE, { controllers: 'cpu pids' }),
      /controllers memory and pids/,
    ],
    ['the server is in the root of the machine', '/', () => {}, /No cgroup is delegated/],
    [
      'the server is in a slice of systemd',
      '/user.slice',
      (tree) => tree.add('/user.slice'),
      /No cgroup is delegated/,
    ],
    ['the group is outside the namespace', '/../other', () => {}, /no cgroup v2/],
  ])('does not exist when %s', (_, own, prepare, reason) => {
    cgroups = new FakeCgroups(own);
    prepare(cgroups);
    const before = cgroups.list('cgroup');
    expect(find()).toMatch(reason);
    expect(cgroups.list('cgroup')).toEqual(before);
  });

  it('does not exist on a machine without cgroup v2', () => {
    cgroups = new FakeCgroups(SERVICE);
    cgroups.write('proc/self/cgroup', '4:memory:/agents\n');
    expect(find()).toMatch(/no cgroup v2/);
  });

  it('does not exist when the controllers cannot be passed on', () => {
    cgroups = new FakeCgroups(SERVICE);
    cgroups.add(SERVICE);
    // A folder in place of the file: every write fails, as on a kernel that refuses it.
    cgroups.replaceByFolder(`cgroup${SERVICE}/cgroup.subtree_control`);
    expect(find()).toMatch(/cannot be prepared/);
    expect(cgroups.read(`cgroup${SERVICE}/cgroup.procs`)).toBe(String(PID));
  });
});
