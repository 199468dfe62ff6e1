import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { bubblewrapSandbox } from '../../src/agent-webkit/sandbox/bubblewrap/bubblewrap-sandbox.js';
import { describeNeeding } from '../support/needs.js';
import { NO_LIMITS, processesWith, SandboxBench } from './sandbox-bench.js';

const MIB = 1024 ** 2;

const missing = await bubblewrapSandbox().check();

describeNeeding(missing)('A program in bubblewrap', () => {
  let bench: SandboxBench;

  beforeEach(() => {
    bench = new SandboxBench(bubblewrapSandbox());
  });

  afterEach(() => bench.close());

  /** Makes a folder below that of the bench, with a file in it. */
  function folder(name: string, content = name): string {
    const path = join(bench.folder, name);
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'file'), content);
    return path;
  }

  it('finds its folder, and no name of a user or machine of the host', async () => {
    const output = await bench.run('pwd; hostname; cat /etc/passwd /etc/group /etc/hosts');
    expect(output).toContain(`${bench.folder}\nsandbox\n`);
    expect(execFileSync('getent', ['passwd'], { encoding: 'utf8' })).toContain('daemon');
    expect(output).not.toContain('daemon');
  });

  it('finds an empty folder in place of a hidden one, and folders of its own in it', async () => {
    const hidden = folder('all');
    const home = folder('all/homes/mine');
    folder('all/homes/other');
    const script = `ls -A all all/homes all/homes/mine
      (echo x > all/new) 2> /dev/null || echo refused
      (echo x > all/homes/new) 2> /dev/null || echo refused
      echo changed > all/homes/mine/file`;
    const output = await bench.run(script, { writable: [bench.folder, home], hidden: [hidden] });
    expect(output).toBe(
      'all:\nhomes\n\nall/homes:\nmine\n\nall/homes/mine:\nfile\nrefused\nrefused\n',
    );
    expect(readFileSync(join(home, 'file'), 'utf8')).toBe('changed\n');
    expect(readFileSync(join(hidden, 'file'), 'utf8')).toBe('all');
  });

  it('does not see a hidden folder that the server makes later', async () => {
    const hidden = join(bench.folder, 'later');
    const started = bench.shell('echo ready; read -r line; ls -A later', { hidden: [hidden] });
    await started.says('ready\n');
    folder('later');
    started.process.stdin.end('\n');
    expect(await started.ended).toBe(0);
    expect(started.output).toBe('ready\n');
  });

  it('cannot change or replace a file that it may only read, in a folder that it may write', async () => {
    const given = folder('given');
    const script = `cat given/file
      for change in 'echo x > given/file' 'rm given/file' 'mv given gone' 'rmdir given' 'chmod 777 given/file'; do
        (eval "$change") 2> /dev/null && echo "did $change"
      done; :`;
    expect(await bench.run(script, { readOnly: [given] })).toBe('given');
    expect(readFileSync(join(given, 'file'), 'utf8')).toBe('given');
  });

  it('can write its folder and a bounded /tmp and /dev/shm, and nothing else', async () => {
    const script = `for folder in / /dev /etc /run /run/* /proc /proc/fs /usr /usr/bin "$HOME"; do
        (: > "$folder/new") 2> /dev/null && echo "wrote $folder"
      done
      for folder in /tmp /dev/shm; do
        head -c 3000000 /dev/zero > $folder/file 2> /dev/null; wc -c < $folder/file
      done`;
    const limits = { ...NO_LIMITS, tempBytes: 2 * MIB };
    expect(await bench.run(script, { limits })).toBe(`${2 * MIB}\n${2 * MIB}\n`);
  });

  it('is ended when it fills the memory of the kernel with empty files', async () => {
    const limits = { ...NO_LIMITS, memoryBytes: 64 * MIB };
    const script = `perl -e 'for (1..1000000) { open(F, ">/tmp/$_"); close(F); }'`;
    const started = bench.shell(script, { limits });
    expect(await started.ended).toBe('SIGKILL');
    expect(started.process.exceeded).toBe('memory');
  });

  it('finds nothing of the other folders of the host', async () => {
    const output = await bench.run(
      'ls -A /; ls -A /home /root /var /sys /mnt /srv /opt 2> /dev/null; :',
    );
    const [top] = bench.folder.split('/').filter(Boolean);
    const entries = new Set(output.trim().split('\n'));
    const system = [
      'bin',
      'dev',
      'etc',
      'lib',
      'lib32',
      'lib64',
      'libx32',
      'proc',
      'run',
      'sbin',
      'tmp',
      'usr',
    ];
    expect([...entries].filter((entry) => !system.includes(entry) && entry !== top)).toEqual([]);
  });

  it('has a command line outside that names nothing of the session', async () => {
    const secret = folder('a-secret-folder');
    const started = bench.start(
      { args: ['-c', 'echo ready; read -r line'], env: { TOKEN: 'a-secret-token' } },
      { readOnly: [secret] },
    );
    await started.says('ready');
    const pid = started.process.pid ?? 0;
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toContain('bwrap');
    expect(processesWith('a-secret')).toEqual([]);
    expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).toBe('');
  });

  it('receives variables whose names are not those of a shell', async () => {
    const env = {
      PATH: '/usr/bin:/bin',
      'npm_config_//host/:_auth': "it's $HOME",
      'a.b': '',
      'c-d': 'e\nf',
    };
    const started = bench.start({ command: '/usr/bin/env', args: [], env });
    expect(await started.ended).toBe(0);
    const lines = started.output
      .trim()
      .split('\n')
      .filter((line) => !line.startsWith('_='));
    expect(lines.sort()).toEqual(
      ['PATH=/usr/bin:/bin', "npm_config_//host/:_auth=it's $HOME", 'a.b=', 'c-d=e', 'f'].sort(),
    );
  });

  it('starts a script in an interpreter that is installed outside the folders of the system', async () => {
    const installation = folder('versions/node');
    mkdirSync(join(installation, 'bin'));
    mkdirSync(join(installation, 'lib', 'node_modules'), { recursive: true });
    const node = join(installation, 'bin', 'node');
    copy(process.execPath, node);
    const script = folder('app/node_modules/@scope/program');
    writeFileSync(
      join(script, 'main.cjs'),
      `console.log(require('./other.cjs'), process.argv.slice(2))`,
    );
    writeFileSync(join(script, 'other.cjs'), 'module.exports = "other"');
    symlinkSync(join(script, 'main.cjs'), join(bench.folder, 'link.cjs'));
    const work = folder('work');
    const walls = { writable: [work] };
    for (const file of [join(script, 'main.cjs'), join(bench.folder, 'link.cjs')]) {
      const args = ['--no-warnings', file, '--flag', '/etc/shadow'];
      const started = bench.start({ command: node, args, cwd: work }, walls);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect([await started.ended, started.output]).toEqual([
        0,
        "other [ '--flag', '/etc/shadow' ]\n",
      ]);
    }
  });

  it('starts a script that names its interpreter, also one in a folder of PATH', async () => {
    const bin = folder('versions/bin');
    copy(process.execPath, join(bin, 'node'));
    const script = join(folder('tools'), 'tool');
    writeFileSync(script, '#!/usr/bin/env node\nconsole.log("ran", process.execPath)', {
      mode: 0o755,
    });
    const work = folder('work');
    const env = { PATH: `${bin}:/usr/bin:/bin` };
    const started = bench.start({ command: script, cwd: work, env }, { writable: [work] });
    expect([await started.ended, started.output]).toEqual([0, `ran ${join(bin, 'node')}\n`]);
  });

  it('cannot make a file that gives its user to others', async () => {
    const script = `cp /bin/true program; chmod 4755 program; chmod u+s program
      perl -e 'use Fcntl; sysopen(F, "other", O_CREAT | O_WRONLY, 04755); mkdir "x"; chmod 04755, "program"'
      ls`;
    await bench.run(script);
    expect(statSync(join(bench.folder, 'program')).mode & 0o4000).toBe(0);
    expect(() => statSync(join(bench.folder, 'other'))).toThrow('ENOENT');
  });

  it('has no socket of a family that namespaces do not separate, and no keys of the server', async () => {
    // AF_UNIX, AF_INET, AF_INET6, AF_NETLINK; AF_VSOCK, AF_ALG, AF_PACKET. 250 and 219 are keyctl.
    const script = `for family in 1 2 10 16 40 38 17; do
        perl -e 'print socket(S, $ARGV[0], $ARGV[0] == 16 ? 3 : 1, 0) ? "yes " : "no "' $family
      done
      perl -e 'use POSIX; syscall($ARGV[0], 0, -3, 0); print $! == ENOSYS ? "none" : "keys"' ${process.arch === 'arm64' ? 219 : 250}
      cat /proc/keys 2> /dev/null; :`;
    expect(await bench.run(script)).toBe('yes yes yes yes no no no none');
  });

  it('has no memory that belongs to no process and no folder', async () => {
    const calls =
      process.arch === 'arm64' ? 'memfd=279 shm=194 sem=190' : 'memfd=319 shm=29 sem=64';
    // Segments of System V of 64 KiB and of more, and sets of 64 semaphores and of more. 0666 with IPC_CREAT is 950.
    const script = `for call in ${calls}; do eval "$call"; done
      perl -e '$name = "x"; print syscall($ARGV[0], $name, 0) < 0 ? "no " : "yes "' $memfd
      for size in 65536 65537 1073741824 4294967297; do
        perl -e 'print syscall($ARGV[0], 0, $ARGV[1] + 0, 950) < 0 ? "no " : "yes "' $shm $size
      done
      for count in 64 65 32000; do
        perl -e 'print syscall($ARGV[0], 0, $ARGV[1] + 0, 950) < 0 ? "no " : "yes "' $sem $count
      done`;
    expect(await bench.run(script)).toBe('no yes no no no yes no no ');
  });
});

function copy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    // On another file system.
    copyFileSync(from, to);
  }
}
