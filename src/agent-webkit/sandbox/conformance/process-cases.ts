import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, chown, copyFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { learntNothing, reachedNothing } from './expect.js';
import type { SandboxCases } from './sandbox-case.js';

const execute = promisify(execFile);

/** Prints the memory of the processes with the id of the case in their command lines, apart from its own. */
const READ_MEMORY = `
  const fs = require('node:fs');
  for (const pid of fs.readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name))) {
    try {
      if (pid === String(process.pid)) continue;
      if (!fs.readFileSync('/proc/' + pid + '/cmdline', 'utf8').includes(process.argv[1])) continue;
      const memory = fs.openSync('/proc/' + pid + '/mem', 'r+');
      const stack = /^([0-9a-f]+)-([0-9a-f]+) .*\\[stack\\]$/m.exec(fs.readFileSync('/proc/' + pid + '/maps', 'utf8'));
      const [from, to] = [parseInt(stack[1], 16), parseInt(stack[2], 16)];
      const bytes = Buffer.alloc(to - from);
      fs.readSync(memory, bytes, 0, bytes.length, from);
      console.log(bytes.toString('latin1').replace(/[^ -~]+/g, ' '));
    } catch {}
  }
  console.log('end');
`;

/** Attempts to reach other processes, and rights that the sandbox does not give. */
export const processCases: SandboxCases = [
  [
    'no variable of the server is in the environment',
    async (world) => {
      const name = 'SANDBOX_CASE_VARIABLE';
      process.env[name] = world.secret;
      world.onEnd(() => delete process.env[name]);
      const script =
        'env; cat /proc/self/environ /proc/$PPID/environ /proc/1/environ; echo; echo end';
      learntNothing(world, await world.shell(script));
    },
  ],
  [
    'the environment, the command line and the open files of other processes cannot be read',
    async (world) => {
      await world.victim();
      // Only what the case started, for a sandbox that stops nothing.
      const script = `
        for process in /proc/[0-9]*; do
          grep -qs "$1" "$process/cmdline" "$process/environ" || continue
          tr '\\0' '\\n' < "$process/environ"; tr '\\0' '\\n' < "$process/cmdline"
          for file in "$process"/fd/*; do [ -f "$file" ] && cat "$file"; done
        done; ps axeww | grep "$1"; echo; echo end`;
      learntNothing(world, await world.shell(script, { args: [world.id.slice(0, 35)] }));
    },
  ],
  [
    'the links in /proc lead to no files outside',
    async (world) => {
      const victim = await world.victim();
      const script = `
        for process in /proc/self /proc/1 /proc/$PPID "/proc/$1" /proc/thread-self /proc/[0-9]*; do
          cat "$process/cwd/secret" "$process/root$SERVER/secret"
        done; cat "/proc/self/cwd/../server/secret"; echo end`;
      learntNothing(world, await world.shell(script, { args: [String(victim.pid)] }));
    },
  ],
  [
    'the memory of other processes cannot be read',
    async (world) => {
      await world.victim();
      learntNothing(world, await world.node(READ_MEMORY, { args: [world.id] }));
    },
  ],
  [
    'no process outside receives a signal',
    async (world) => {
      const victim = await world.victim();
      const script = `
        kill -URG "$1"; kill -URG 0
        for process in /proc/[0-9]*; do
          grep -qs "$2" "$process/cmdline" && [ "\${process#/proc/}" != $$ ] && kill -URG "\${process#/proc/}"
        done; echo end`;
      const args = [String(victim.pid), `${world.id} secret`];
      learntNothing(world, await world.shell(script, { args }));
      assert.ok(await victim.isUntouched(), 'The process outside has received a signal.');
    },
  ],
  [
    'no process outside can be killed',
    async (world) => {
      const victim = await world.victim();
      const script = 'kill -TERM "$1"; kill -KILL "$1"; kill -STOP "$1"; echo end';
      learntNothing(world, await world.shell(script, { args: [String(victim.pid)] }));
      assert.ok(await victim.isUntouched(), 'The process outside was killed.');
    },
  ],
  [
    'no file descriptor is inherited besides stdin, stdout and stderr',
    async (world) => {
      const script = `
        for fd in 3 4 5 6 7 8 9; do cat /dev/fd/$fd/secret; done
        ls -l /dev/fd/ | sed -n 's/.* \\([0-9][0-9]*\\) -> /\\1 /p' | grep -v '^[012] ' | grep -v ' /proc/[0-9]*/fd$' |
          sed 's/^/reached /'
        echo end`;
      const outcome = await world.shell(script);
      learntNothing(world, outcome);
      reachedNothing(outcome);
    },
  ],
  [
    'a set-uid program gains no rights',
    async (world) => {
      const program = join(world.given, 'set-uid');
      await copyFile('/usr/bin/id', program);
      // Only root can give a file to another user. The status of the process shows the rest.
      const isRoot = process.getuid?.() === 0;
      if (isRoot) await chown(program, 65_534, 65_534);
      await chmod(program, 0o4755);
      const script = `
        [ "$("$GIVEN/set-uid" -u)" = "$(id -u)" ] || echo reached another user
        grep -s '^NoNewPrivs:.*0' /proc/self/status && echo reached set-uid programs
        echo end`;
      reachedNothing(await world.shell(script));
    },
  ],
  [
    'a program has no capabilities, and gains none',
    async (world) => {
      const script = `
        grep -Es '^Cap(Prm|Eff|Bnd|Amb):.*[1-9a-f]' /proc/self/status && echo reached capabilities
        unshare -Ur sh -c 'grep -Es "^CapEff:.*[1-9a-f]" /proc/self/status' && echo reached capabilities
        mknod device c 1 5 && head -c 1 device > /dev/null && echo reached a device
        echo end`;
      reachedNothing(await world.shell(script));
    },
  ],
  [
    'the settings of the kernel cannot be written',
    async (world) => {
      // Opens the files, and writes nothing: a sandbox that stops nothing is not to change the machine.
      const script = `
        for file in /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sys/kernel/hostname \\
          /proc/sys/vm/overcommit_memory /proc/sys/fs/binfmt_misc/register /proc/sysrq-trigger /proc/sys/kernel/panic /sys/power/state; do
          ( : >> "$file" ) && echo "reached $file"
        done 2> /dev/null; echo end`;
      reachedNothing(await world.shell(script));
    },
  ],
  [
    'the devices of the machine cannot be changed',
    async (world) => {
      const device = '/dev/full';
      const before = await stat(device).catch(() => null);
      if (before === null) return;
      world.onEnd(async () => {
        const { mode } = await stat(device);
        if (mode !== before.mode) await chmod(device, before.mode & 0o7777);
      });
      // Nothing depends on the right to execute a device.
      const script = 'chmod a+x "$1" && echo "reached $1"; head -c 1 "$1" > /dev/null && echo end';
      reachedNothing(await world.shell(script, { args: [device] }));
      assert.equal((await stat(device)).mode, before.mode, `${device} was changed.`);
    },
  ],
  [
    'no device can be reached but those without data',
    async (world) => {
      const script = `
        for file in /dev/* /dev/*/*; do
          case "\${file#/dev/}" in
            null | zero | full | random | urandom | tty | console | ptmx | pts | pts/* | shm | fd | fd/* | core | core/* | \\
              stdin | stdout | stderr) ;;
            *'*'*) ;;
            *) ( : < "$file" ) 2> /dev/null && echo "reached $file" ;;
          esac
        done; echo end`;
      reachedNothing(await world.shell(script));
    },
  ],
  [
    'the memory that processes outside share cannot be found',
    async (world) => {
      const segment = await makeSharedMemory();
      if (segment !== null) world.onEnd(() => execute('ipcrm', ['-m', segment]));
      const script = `
        tail -q -n +2 /proc/sysvipc/shm /proc/sysvipc/msg /proc/sysvipc/sem 2> /dev/null | sed 's/^/reached /'
        echo end`;
      reachedNothing(await world.shell(script));
    },
  ],
];

/** Resolves to the id of a segment of shared memory, or null where the system cannot make one. */
async function makeSharedMemory(): Promise<string | null> {
  const made = await execute('ipcmk', ['-M', '4096']).catch(() => null);
  return /\d+/.exec(made?.stdout ?? '')?.[0] ?? null;
}
