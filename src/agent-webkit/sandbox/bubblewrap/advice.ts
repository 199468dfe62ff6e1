import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** The settings of the kernel that forbid user namespaces, with the values that do so. */
const FORBIDDING = [
  {
    file: '/proc/sys/user/max_user_namespaces',
    value: '0',
    remedy: 'Set `sysctl user.max_user_namespaces=10000`.',
  },
  {
    file: '/proc/sys/kernel/unprivileged_userns_clone',
    value: '0',
    remedy: 'Set `sysctl kernel.unprivileged_userns_clone=1`.',
  },
  {
    file: '/proc/sys/kernel/apparmor_restrict_unprivileged_userns',
    value: '1',
    remedy:
      'AppArmor permits user namespaces only to programs with a profile. Install a profile with `userns,` ' +
      'for bubblewrap, or set `sysctl kernel.apparmor_restrict_unprivileged_userns=0`.',
  },
];

/** The files by which Docker and Podman mark a container. */
const CONTAINER_FILES = ['/.dockerenv', '/run/.containerenv'];

const CONTAINER =
  'In a container, start it with `docker run --security-opt seccomp=unconfined --security-opt ' +
  'apparmor=unconfined --security-opt systempaths=unconfined`.';

/** The messages of bubblewrap when the system does not permit a step. */
const REFUSAL =
  /Operation not permitted|Permission denied|Read-only file system|No space left|No permissions|namespace/i;

/** The parts of the machine that tests replace. */
export interface Machine {
  readonly readSetting: (file: string) => Promise<string | null>;
  readonly isContainer: () => boolean;
}

const thisMachine: Machine = {
  readSetting: (file) =>
    readFile(file, 'utf8').then(
      (text) => text.trim(),
      () => null,
    ),
  isContainer: () => CONTAINER_FILES.some((file) => existsSync(file)),
};

/** Returns sentences about what to do after bubblewrap has failed with a message; empty when it is not known. */
export async function adviceFor(message: string, machine: Machine = thisMachine): Promise<string> {
  if (!REFUSAL.test(message)) return '';
  const settings = await Promise.all(
    FORBIDDING.map(async ({ file, value, remedy }) =>
      (await machine.readSetting(file)) === value ? [remedy] : [],
    ),
  );
  const remedies = [...settings.flat(), ...(machine.isContainer() ? [CONTAINER] : [])];
  if (remedies.length > 0) return remedies.join(' ');
  return `bubblewrap needs user namespaces, and a /proc that it can mount. ${CONTAINER}`;
}
