import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileIs, says } from './expect.js';
import type { SandboxCases } from './sandbox-case.js';

/** Names and texts that a shell, a profile or a list of arguments tends to misread. */
const HARD_NAME = `a 'b' "c" $(d) \`e\` \\f\ng;h|i*j?é😀 #(k)`;
const HARD_TEXTS = [
  '',
  ' ',
  '-x',
  '--',
  '$HOME',
  'a\nb',
  '"\'\\',
  '*',
  'é😀',
  '$(id)',
  ';',
  '--bind',
];

/** Everything that works inside. */
export const workingCases: SandboxCases = [
  [
    'a program reads and writes its folder and its home, which the server sees',
    async (world) => {
      await writeFile(join(world.session, 'before'), 'from the server');
      const script = 'pwd; cat before; echo "from inside" > after; echo home > ~/file; cat ~/file';
      const outcome = await world.shell(script);
      says(outcome, `${world.session}\nfrom the serverhome\n`);
      await fileIs(join(world.session, 'after'), 'from inside\n');
      await fileIs(join(world.home, 'file'), 'home\n');
    },
  ],
  [
    'a program starts in its working directory, also below the folder',
    async (world) => {
      const cwd = join(world.session, 'below', 'it');
      await mkdir(cwd, { recursive: true });
      const command = { ...world.command('/bin/sh', ['-c', 'pwd; pwd -P; echo x > file']), cwd };
      says(await world.end(world.start(command)), `${cwd}\n${cwd}\n`);
      await fileIs(join(cwd, 'file'), 'x\n');
    },
  ],
  [
    'a program reads a given file at the same path',
    async (world) => {
      says(await world.shell('cat "$GIVEN/file"'), 'given');
      const file = join(world.server, 'file');
      await writeFile(file, 'one file');
      const walls = { readOnly: [...world.walls.readOnly, file] };
      says(await world.shell('cat "$1"', { args: [file], walls }), 'one file');
    },
  ],
  [
    'the environment is exactly the given one',
    async (world) => {
      const hard = Object.fromEntries(HARD_TEXTS.map((text, index) => [`HARD_${index}`, text]));
      const outcome = await world.node('console.log(JSON.stringify(process.env))', { env: hard });
      const { env } = world.command('', [], { env: hard });
      const found = JSON.parse(outcome.stdout) as Record<string, string>;
      // A shell that starts the program adds these.
      for (const name of ['PWD', 'OLDPWD', 'SHLVL', '_']) delete found[name];
      // A sandbox without a private /tmp has a folder of its own.
      assert.deepEqual({ ...found, TMPDIR: '' }, { ...env, TMPDIR: '' });
    },
  ],
  [
    'arguments arrive unchanged',
    async (world) => {
      const script = 'console.log(JSON.stringify(process.argv.slice(1)))';
      const { stdout, stderr } = await world.node(script, { args: ['--', ...HARD_TEXTS] });
      assert.deepEqual(JSON.parse(stdout || 'null'), HARD_TEXTS, stderr);
    },
  ],
  [
    'input, output and errors pass through unchanged',
    async (world) => {
      const input = 'line\nnul \0, é😀\n'.repeat(50_000);
      const outcome = await world.shell('cat; echo wrong >&2', { input });
      assert.equal(outcome.stdout.length, input.length);
      says(outcome, input);
      assert.equal(outcome.stderr, 'wrong\n');
    },
  ],
  [
    'folders with any characters in their names work',
    async (world) => {
      const folder = join(world.folder, HARD_NAME);
      const hidden = join(folder, HARD_NAME);
      const given = join(world.given, HARD_NAME);
      await mkdir(hidden, { recursive: true });
      await writeFile(join(hidden, 'secret'), world.secret);
      await writeFile(given, 'given');
      const walls = {
        writable: [...world.walls.writable, folder],
        readOnly: [...world.walls.readOnly, given],
        hidden: [hidden],
      };
      const script =
        'cd "$1" && cat "$2" && echo written > file; cat "$3/secret" 2> /dev/null; ls "$3"';
      const outcome = await world.shell(script, { args: [folder, given, hidden], walls });
      assert.equal(outcome.stdout, 'given', outcome.stderr);
      assert.equal(await readFile(join(folder, 'file'), 'utf8'), 'written\n');
    },
  ],
  [
    'temporary files, the programs of the system and harmless devices work',
    async (world) => {
      const script = `
        set -e
        file=$(mktemp); echo temporary > "$file"; cat "$file"; rm "$file"
        echo x > /dev/null; head -c 4 /dev/urandom | wc -c | tr -d ' '
        ls / > /dev/null; echo b a | tr ' ' '\\n' | sort | head -n 1; sh -c 'exit 0'; id -u > /dev/null`;
      says(await world.shell(script), 'temporary\n4\na\n');
    },
  ],
  [
    'a program starts others, and sends them signals',
    async (world) => {
      const script = 'sleep 60 & kill -TERM $!; wait $!; [ $? -gt 128 ] && echo ended';
      says(await world.shell(script), 'ended\n');
    },
  ],
  [
    'two programs with the same folder see the files of each other, and nothing else',
    async (world) => {
      const [first, second] = await Promise.all([
        world.shell('echo one > one; cat > /dev/null; echo end'),
        world.shell('echo two > two; cat > /dev/null; echo end'),
      ]);
      says(first, 'end\n');
      says(second, 'end\n');
      says(await world.shell('cat one two'), 'one\ntwo\n');
    },
  ],
];
