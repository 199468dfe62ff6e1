import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { CompiledSources } from '../support/compiled-sources.js';
import { eventually } from '../support/eventually.js';
import { describeOnly } from '../support/needs.js';
import { Program } from '../support/program.js';
import { ServerProcess, WRITE_LINES, WRITE_MANY_LINES } from './server-process.js';

let sources: CompiledSources;
let folder: string;
beforeAll(async () => {
  sources = await CompiledSources.create();
  folder = await mkdtemp(join(tmpdir(), 'agent-webkit-logs-'));
});
afterAll(async () => {
  await sources.remove();
  await rm(folder, { recursive: true, force: true });
});

/** The server in a terminal, which does not end with it. */
let pidInTerminal: number | null = null;
afterEach(async () => {
  await ServerProcess.killAll();
  if (pidInTerminal !== null) {
    try {
      process.kill(pidInTerminal, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
  pidInTerminal = null;
});

const file = (name: string) => join(folder, name);

/** Resolves when the server has served turns before and after a line of its log, and stopped by SIGTERM. */
const serves = async (line: string): Promise<Program> => {
  const server = await ServerProcess.start(sources, line);
  await server.serveTurn();
  server.program.signal(WRITE_LINES);
  await server.serveTurn();
  server.program.signal('SIGTERM');
  expect(await server.program.ended()).toBe(0);
  return server.program;
};

describe('a log without a reader', () => {
  it('does not end the server', async () => {
    await serves('exec "$@" > >(exec true) 2>&1');
  });

  it('does not end the server when only stderr has none, and is reported on stdout once', async () => {
    const { lines } = await serves('exec "$@" 2> >(exec true)');
    expect(lines).toContain('a line to stdout');
    expect(lines.filter((line) => line.includes('cannot be written'))).toEqual([
      expect.stringMatching(/WARN \[Server\] The log cannot be written to stderr \(EPIPE\)/),
    ]);
  });
});

/** Starts a server in a terminal, which is the program, and returns its process id. */
const startInTerminal = async (command: string): Promise<[ServerProcess, number]> => {
  await writeFile(
    file('inner.sh'),
    `trap '' HUP; cd '${folder}'; "$NODE" "$MAIN" & echo $! > pid; wait $!; echo $? > status; mv status ended`,
  );
  const line = `export NODE=$1 MAIN=$2; exec script -qfc "${command} '${file('inner.sh')}'" /dev/null`;
  const server = await ServerProcess.start(sources, line);
  const pid = Number(await readFile(file('pid'), 'utf8'));
  pidInTerminal = pid;
  return [server, pid];
};

/** Returns the exit status of the server in the terminal. */
const status = async (): Promise<string> => {
  await eventually(() => existsSync(file('ended')));
  const text = await readFile(file('ended'), 'utf8');
  await rm(file('ended'));
  return text.trim();
};

const notLinux = process.platform === 'linux' ? null : 'only Linux has /dev/full and script -c';

describeOnly(notLinux)('a log that cannot be written', () => {
  it('does not end the server when the disk of stdout is full, and is reported on stderr once', async () => {
    const { lines } = await serves('exec "$@" > /dev/full');
    expect(lines).toContain('a line to stderr');
    expect(lines.filter((line) => line.includes('cannot be written'))).toEqual([
      expect.stringMatching(/ERROR \[Server\] The log cannot be written to stdout \(ENOSPC\)/),
    ]);
  });

  it('does not end the server when no line can be written anywhere', async () => {
    await serves('exec "$@" > /dev/full 2>&1');
  });

  it('does not end the server when its terminal is gone', async () => {
    // In a session of its own, so that it receives no SIGHUP from the terminal.
    const [server, pid] = await startInTerminal('setsid -w bash');
    await server.program.kill();
    process.kill(pid, WRITE_LINES);
    await server.serveTurn();
    process.kill(pid, 'SIGTERM');
    expect(await status()).toBe('0');
  });

  it('does not stop the server when its terminal reads nothing, after Ctrl-S for example', async () => {
    const [server, pid] = await startInTerminal('setsid -w bash');
    server.program.signal('SIGSTOP');
    process.kill(pid, WRITE_MANY_LINES);
    await server.serveTurn();
    process.kill(pid, 'SIGTERM');
    expect(await status()).toBe('0');
  });

  it('does not stop the server when the reader of a pipe reads nothing', async () => {
    const fifo = file('unread');
    execFileSync('mkfifo', [fifo]);
    const reader = new Program('cat', [fifo]);
    const server = await ServerProcess.start(sources, `exec "$@" > '${fifo}'`);
    reader.signal('SIGSTOP');
    server.program.signal(WRITE_MANY_LINES);
    await server.serveTurn();
    server.program.signal('SIGTERM');
    expect(await server.program.ended()).toBe(0);
    await reader.kill();
  });

  it('does not prevent the shutdown of a server whose terminal was closed', async () => {
    const [server] = await startInTerminal('bash');
    const stream = await server.stream(await server.createSession());
    await server.program.kill();
    await stream.ended();
    expect(stream.isCut).toBe(false);
    expect(stream.names()).toContain('done');
    expect(await status()).toBe('0');
  });

  it('continues when it can be written again', async () => {
    const fifo = file('log');
    execFileSync('mkfifo', [fifo]);
    const first = new Program('cat', [fifo]);
    const server = await ServerProcess.start(sources, `exec "$@" > '${fifo}'`);
    await first.says(/Listening on/);
    await first.kill();
    server.program.signal(WRITE_LINES);
    await server.program.says(/a line to stderr/);
    await server.serveTurn();
    const second = new Program('cat', [fifo]);
    await eventually(() => {
      server.program.signal(WRITE_LINES);
      return second.lines.includes('a line to stdout');
    });
    await server.program.end();
    await second.kill();
  });
});
