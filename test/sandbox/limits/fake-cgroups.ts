import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A folder that looks like `/proc` and a tree of cgroup v2, for a server with a given group. */
export class FakeCgroups {
  readonly root = mkdtempSync(join(tmpdir(), 'agent-webkit-cgroups-'));
  readonly proc = join(this.root, 'proc');
  readonly mountPoint = join(this.root, 'cgroup');

  /** @param own the path of the server's group, as in `/proc/self/cgroup` */
  constructor(own: string) {
    this.write('proc/self/cgroup', `4:memory:/elsewhere\n0::${own}\n`);
    this.write(
      'proc/self/mountinfo',
      `30 1 0:27 / /sys/fs/other rw shared:1 - tmpfs tmpfs rw\n` +
        `31 1 0:28 / ${this.mountPoint} rw shared:1 - cgroup2 cgroup2 rw\n`,
    );
    this.write('cgroup/cgroup.controllers', 'cpuset cpu io memory pids\n');
    this.write('cgroup/cgroup.procs', '1\n2\n');
  }

  /** Creates a group with the files that the kernel would create. */
  add(path: string, { controllers = 'cpu memory pids', procs = '' } = {}): string {
    for (const [name, content] of Object.entries({
      type: 'domain\n',
      controllers: `${controllers}\n`,
      subtree_control: '\n',
      procs,
    })) {
      this.write(`cgroup${path}/cgroup.${name}`, content);
    }
    return join(this.mountPoint, path);
  }

  write(path: string, content: string): void {
    const file = join(this.root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }

  replaceByFolder(path: string): void {
    rmSync(join(this.root, path));
    mkdirSync(join(this.root, path));
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), 'utf8');
  }

  list(path: string): string[] {
    return readdirSync(join(this.root, path));
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
