import { lstatSync, readlinkSync } from 'node:fs';
import { type Mount, readOnlyMount } from './mounts.js';

/** The folders and files of the system that a program inside can read, where they exist. */
export const SYSTEM_PATHS: readonly string[] = [
  '/usr',
  '/bin',
  '/sbin',
  '/lib',
  '/lib32',
  '/lib64',
  '/libx32',
  '/etc/alternatives',
  '/etc/ca-certificates',
  '/etc/ca-certificates.conf',
  '/etc/crypto-policies',
  '/etc/fonts',
  '/etc/ld.so.cache',
  '/etc/ld.so.conf',
  '/etc/ld.so.conf.d',
  '/etc/localtime',
  '/etc/mime.types',
  '/etc/nsswitch.conf',
  '/etc/pki/ca-trust/extracted',
  '/etc/pki/tls/cert.pem',
  '/etc/pki/tls/certs',
  '/etc/pki/tls/openssl.cnf',
  '/etc/protocols',
  '/etc/services',
  '/etc/ssl/cert.pem',
  '/etc/ssl/certs',
  '/etc/ssl/openssl.cnf',
];

/**
 * Files of `/proc` about the whole machine and its keys. Those of root would be readable for the agents of a
 * server that is root.
 */
const MASKED_FILES = [
  '/proc/cmdline',
  '/proc/iomem',
  '/proc/ioports',
  '/proc/kcore',
  '/proc/key-users',
  '/proc/keys',
  '/proc/kmsg',
  '/proc/kpagecgroup',
  '/proc/kpagecount',
  '/proc/kpageflags',
  '/proc/latency_stats',
  '/proc/locks',
  '/proc/modules',
  '/proc/pagetypeinfo',
  '/proc/sched_debug',
  '/proc/slabinfo',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/vmallocinfo',
].filter(exists);

const MASKED_FOLDERS = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/driver',
  '/proc/fs',
  '/proc/scsi',
].filter(exists);

/** The parents of what is shown. Bubblewrap would make them for their owner alone. */
const FOLDERS = ['/etc', '/etc/pki', '/etc/pki/tls', '/etc/ssl', '/run'];

/** Returns those of the paths that exist. A link stays the link that it is. */
export function systemMounts(paths: readonly string[]): Mount[] {
  return paths.flatMap((path) => {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return [];
    if (!stats.isSymbolicLink()) return [readOnlyMount(path)];
    return [{ path, args: ['--symlink', readlinkSync(path), path] }];
  });
}

/**
 * Returns a `/proc` with the sandbox's own processes, a minimal `/dev`, and a root that cannot be filled.
 *
 * `/proc` is read-only: a server that is root has agents that own the files of root, and could change the
 * settings of the kernel.
 */
export function kernelMounts(): Mount[] {
  return [
    { path: '/', args: [], closes: true },
    { path: '/dev', args: ['--dev', '/dev'], closes: true },
    ...FOLDERS.map((path) => ({ path, args: ['--perms', '0755', '--dir', path] })),
    { path: '/proc', args: ['--proc', '/proc'], closes: true },
    // A device cannot be opened there.
    ...MASKED_FILES.map((path) => ({ path, args: ['--ro-bind', '/dev/null', path] })),
    ...MASKED_FOLDERS.map((path) => ({
      path,
      args: ['--perms', '0555', '--tmpfs', path],
      closes: true,
    })),
  ];
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Returns files of `/etc` that name no user and no machine of the host, by their paths. */
export function generatedFiles(home: string): Record<string, string> {
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? 0;
  // A colon or a line end would begin another field or entry.
  const folder = /[:\n]/.test(home) ? '/' : home;
  const users = [`nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin`];
  const groups = ['nogroup:x:65534:'];
  if (uid !== 65534) users.unshift(`agent:x:${uid}:${gid}:agent:${folder}:/bin/sh`);
  if (uid !== 0) users.unshift('root:x:0:0:root:/:/bin/sh');
  if (gid !== 65534) groups.unshift(`agent:x:${gid}:`);
  if (gid !== 0) groups.unshift('root:x:0:');
  return {
    '/etc/group': `${groups.join('\n')}\n`,
    '/etc/hosts': '127.0.0.1 localhost\n::1 localhost\n',
    '/etc/passwd': `${users.join('\n')}\n`,
  };
}
