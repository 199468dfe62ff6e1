import { accessSync, constants, existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { readProc } from './proc-files.js';

/** The group for the server itself, where it has to leave its own group to those of its agents. */
const SERVER_GROUP = 'agent-webkit-server';

/** A group of cgroup v2 in which this server creates the groups of its agents. */
export interface DelegatedGroup {
  readonly folder: string;
  /** The controllers of the groups inside, such as `memory`. */
  readonly controllers: readonly string[];
}

/**
 * Finds a group of cgroup v2 that was delegated to this server, and prepares it. Returns a sentence where there
 * is none.
 *
 * A group that has groups with limits inside must have no processes of its own. So it is one of these:
 *
 * - the group above that of the server, if it has no processes: systemd with `DelegateSubgroup=`
 * - the group of the server, if this is its only process, which then moves into a group inside: systemd with
 *   `Delegate=yes`, or a container with a cgroup namespace that it may write
 *
 * No other process is ever moved, and the root of a machine and the slices of systemd are left alone.
 */
export function findDelegatedGroup(proc = '/proc', pid = process.pid): DelegatedGroup | string {
  const own = findOwnGroup(proc);
  if (own === null) return 'This machine has no cgroup v2, or the server is not in it.';
  const controllers = words(join(own, 'cgroup.controllers'));
  if (!controllers.includes('memory') || !controllers.includes('pids')) {
    return 'The cgroup of the server does not have the controllers memory and pids.';
  }
  try {
    return prepare(dirname(own), controllers) ?? prepareOwn(own, controllers, pid);
  } catch (error) {
    return `The cgroup of the server cannot be prepared: ${String(error)}`;
  }
}

/** Returns the folder of the group that this process is in. */
function findOwnGroup(proc: string): string | null {
  const path = /^0::(\/.*)$/m.exec(readProc(`${proc}/self/cgroup`) ?? '')?.[1];
  // A path that leads out of the namespace is not visible here.
  if (path === undefined || path.startsWith('/..')) return null;
  for (const line of (readProc(`${proc}/self/mountinfo`) ?? '').split('\n')) {
    const [, , , root, mountPoint] = line.split(' ');
    if (root === undefined || mountPoint === undefined || !line.includes(' - cgroup2 ')) continue;
    const inside = relative(root, path);
    if (!inside.startsWith('..')) return join(mountPoint, inside);
  }
  return null;
}

/** Prepares a group that has no processes. Returns null when it is not delegated to this server. */
function prepare(folder: string, controllers: readonly string[]): DelegatedGroup | null {
  if (!isOurs(folder) || words(join(folder, 'cgroup.procs')).length > 0) return null;
  const wanted = ['memory', 'pids', 'cpu'].filter((name) => controllers.includes(name));
  const missing = wanted.filter(
    (name) => !words(join(folder, 'cgroup.subtree_control')).includes(name),
  );
  if (missing.length > 0) {
    const text = missing.map((name) => `+${name}`).join(' ');
    writeFileSync(join(folder, 'cgroup.subtree_control'), text);
  }
  return { folder, controllers: wanted };
}

/** Moves this process into a group inside its own, and prepares its own. */
function prepareOwn(
  own: string,
  controllers: readonly string[],
  pid: number,
): DelegatedGroup | string {
  if (!isOurs(own)) return 'No cgroup is delegated to the server.';
  const others = words(join(own, 'cgroup.procs')).filter((id) => id !== String(pid));
  if (others.length > 0) {
    return `The cgroup of the server has ${others.length} other processes, and the server moves none but itself.`;
  }
  const server = join(own, SERVER_GROUP);
  mkdirSync(server, { recursive: true });
  writeFileSync(join(server, 'cgroup.procs'), String(pid));
  try {
    const group = prepare(own, controllers);
    if (group !== null) return group;
  } catch (error) {
    moveBack(own, server, pid);
    throw error;
  }
  moveBack(own, server, pid);
  return 'Another process entered the cgroup of the server.';
}

function moveBack(own: string, server: string, pid: number): void {
  try {
    writeFileSync(join(own, 'cgroup.procs'), String(pid));
    rmdirSync(server);
  } catch {
    // It works in the group inside as well.
  }
}

/** True for a group that this process may change, and that neither is the root nor belongs to systemd itself. */
function isOurs(folder: string): boolean {
  const isRoot = !existsSync(join(folder, 'cgroup.type'));
  if (isRoot || basename(folder).endsWith('.slice')) return false;
  try {
    for (const name of ['', 'cgroup.procs', 'cgroup.subtree_control']) {
      accessSync(join(folder, name), constants.W_OK);
    }
    return true;
  } catch {
    return false;
  }
}

function words(path: string): string[] {
  return (readProc(path) ?? '').split(/\s+/).filter((word) => word !== '');
}
