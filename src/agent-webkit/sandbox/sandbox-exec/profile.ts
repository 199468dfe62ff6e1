import { dirname } from 'node:path';

/** The folders, sockets and ports that a profile permits. All paths are absolute and real. */
export interface ProfileWalls {
  /** The program itself. */
  readonly program: string;
  readonly system: readonly string[];
  readonly readOnly: readonly string[];
  /** The writable folders, and the program's folder for temporary files. */
  readonly writable: readonly string[];
  readonly hidden: readonly string[];
  readonly sockets: readonly string[];
  /** The port of the network proxy on loopback; null for no network. */
  readonly proxyPort: number | null;
}

export interface Profile {
  /** The text, which contains no path: each is a parameter. */
  readonly text: string;
  /** The parameters by their names. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** The parts that do not depend on the program. Everything is denied that is not listed. */
const BASE = `(version 1)
(deny default)
(allow process-fork)
(allow signal (target same-sandbox))
(allow process-info* (target same-sandbox))
(allow sysctl-read
  (sysctl-name-prefix "hw.")
  (sysctl-name-prefix "machdep.cpu.")
  (sysctl-name "kern.argmax" "kern.hostname" "kern.maxfilesperproc" "kern.ngroups" "kern.osproductversion"
    "kern.osrelease" "kern.ostype" "kern.osversion" "kern.secure_kernel" "kern.usrstack64" "kern.version" "vm.loadavg"))
(allow mach-lookup (global-name "com.apple.system.opendirectoryd.libinfo" "com.apple.system.notification_center"))
(allow file-read* (literal "/") (literal "/dev/random") (literal "/dev/urandom") (subpath "/dev/fd"))
(allow file-read* file-write-data file-ioctl (literal "/dev/null") (literal "/dev/zero") (literal "/dev/dtracehelper"))
(allow file-read-metadata (literal "/etc") (literal "/var") (literal "/tmp") (literal "/dev"))`;

/**
 * Returns the profile of sandbox-exec for such walls. The last rule that applies to an operation decides.
 *
 * - Paths are parameters, so no character of a path can end a string or a rule.
 * - The folders around a permitted path can be looked up, and not listed.
 * - Neither a hidden folder nor a folder around it can be renamed, so it stays hidden.
 * - Hard links cannot be made: through one, a file that can only be read could be written.
 */
export function createProfile(walls: ProfileWalls): Profile {
  const parameters: Record<string, string> = {};
  const names = new Map<string, string>();
  const param = (path: string): string => {
    const name = names.get(path) ?? `PATH_${names.size}`;
    names.set(path, name);
    parameters[name] = path;
    return `(param "${name}")`;
  };
  const all = (filter: string, paths: readonly string[]) =>
    paths.map((path) => ` (${filter} ${param(path)})`).join('');

  const { program, system, readOnly, writable, hidden, sockets, proxyPort } = walls;
  const read = 'file-read* file-map-executable process-exec';
  // The rules of a folder inside another come later, and decide.
  const folders = [
    ...[...system, ...readOnly].map((path) => ({ path, allow: read, deny: 'file-write*' })),
    ...writable.map((path) => ({ path, allow: `${read} file-write*`, deny: '' })),
    ...hidden.map((path) => ({ path, allow: '', deny: `${read} file-write*` })),
  ].sort((one, other) => one.path.length - other.path.length);
  const text = [
    BASE,
    ...rule(`allow ${read}`, all('literal', [program])),
    ...folders.flatMap(({ path, allow, deny }) => [
      ...(allow === '' ? [] : rule(`allow ${allow}`, all('subpath', [path]))),
      ...(deny === '' ? [] : rule(`deny ${deny}`, all('subpath', [path]))),
    ]),
    ...rule(
      'allow file-read-metadata',
      all('literal', parentsOf([program, ...system, ...readOnly, ...writable, ...sockets])),
    ),
    ...rule('deny file-write-unlink', all('literal', parentsOf([...hidden, ...readOnly]))),
    '(deny file-write-setugid)',
    ...rule('allow file-read-metadata', all('literal', sockets)),
    ...rule('allow network-outbound', all('literal', sockets)),
    ...(proxyPort === null
      ? []
      : [`(allow network-outbound (remote ip "localhost:${proxyPort}"))`]),
  ];
  return { text: `${text.join('\n')}\n`, parameters };
}

/** Returns a rule; none without filters, as it would apply to everything. */
function rule(action: string, filters: string): string[] {
  return filters === '' ? [] : [`(${action}${filters})`];
}

/** Returns the folders around the paths, without the root. */
function parentsOf(paths: readonly string[]): string[] {
  const parents = new Set<string>();
  for (const path of paths) {
    for (let at = dirname(path); at !== dirname(at); at = dirname(at)) parents.add(at);
  }
  return [...parents];
}
