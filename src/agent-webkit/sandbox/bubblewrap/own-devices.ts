import { readFileSync, statSync } from 'node:fs';
import { findInPath } from './program-files.js';
import { isWithin } from './mounts.js';

/**
 * A shell that makes `/dev` read-only for itself, with the program of its second argument and the options of its
 * third one, and then becomes the program of the others. When that fails, it starts nothing.
 */
const PROTECT =
  '"$1" -o rbind /dev /dev && "$1" -o "$2" /dev && shift 2 && unset PWD OLDPWD SHLVL && exec "$@"';

/** The folders of the programs when PATH does not have them. */
const SYSTEM_PROGRAMS = '/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Returns the command to put before bubblewrap, so that programs inside cannot change the mode and the times of
 * the machine's devices; empty when they do not own them, because the server is an ordinary user. The devices
 * that bubblewrap shows have the options of `/dev`, and bubblewrap itself cannot make a usable one read-only.
 *
 * @throws when a program of the system that this needs does not exist
 */
export function protectionOfDevices(): readonly string[] {
  if (statSync('/dev/null').uid !== process.getuid?.()) return [];
  const path = `${process.env['PATH'] ?? ''}:${SYSTEM_PROGRAMS}`;
  const [unshare, mount] = [findInPath('unshare', path), findInPath('mount', path)];
  if (unshare === null || mount === null) {
    throw new Error(
      'The agents of a server that is root need the programs unshare and mount. Install util-linux, or run the ' +
        'server as an ordinary user.',
    );
  }
  const options = remountOptions(readFileSync('/proc/self/mountinfo', 'utf8'));
  const namespaces = ['-U', '-r', '-m'];
  return [unshare, ...namespaces, '/bin/sh', '-c', PROTECT, 'sh', mount, options];
}

/** Returns the options that make `/dev` read-only and change nothing else, from the mounts of a process. */
export function remountOptions(mounts: string): string {
  let [longest, options] = ['/', ''];
  for (const line of mounts.split('\n')) {
    const [, , , , path, found] = line.split(' ');
    // Of several mounts at the same path, the last one is seen.
    if (path === undefined || found === undefined || !isWithin('/dev', path)) continue;
    if (path.length >= longest.length) [longest, options] = [path, found];
  }
  const kept = options.split(',').filter((one) => one !== '' && one !== 'rw' && one !== 'ro');
  return ['remount', 'bind', 'ro', ...kept].join(',');
}
