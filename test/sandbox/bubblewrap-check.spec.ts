import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { adviceFor, type Machine } from '../../src/agent-webkit/sandbox/bubblewrap/advice.js';
import { bubblewrapSandbox } from '../../src/agent-webkit/sandbox/bubblewrap/bubblewrap-sandbox.js';
import { CompiledSources } from '../support/compiled-sources.js';
import { describeNeeding } from '../support/needs.js';
import { Program } from '../support/program.js';

const works = await bubblewrapSandbox().check();

describe('The check of the sandbox by bubblewrap', () => {
  const { PATH } = process.env;
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(realpathSync(tmpdir()), 'bubblewrap-check-'));
  });

  afterEach(() => {
    process.env['PATH'] = PATH;
    rmSync(folder, { recursive: true, force: true });
  });

  /** Puts a program of this name and version, which does this, in the only folder of PATH. */
  function install(version: string, script: string): void {
    const print = `[ "$1" = --version ] && { echo ${version}; exit; }`;
    writeFileSync(join(folder, 'bwrap'), `#!/bin/sh\n${print}\n${script}\n`, { mode: 0o755 });
    process.env['PATH'] = folder;
  }

  it('names the package when bubblewrap is missing', async () => {
    process.env['PATH'] = folder;
    expect(await bubblewrapSandbox().check()).toBe(
      'bubblewrap is not installed. Install it, for example by `apt-get install bubblewrap`.',
    );
  });

  it('names the version when it is too old', async () => {
    install('bubblewrap 0.6.1', 'exit 1');
    expect(await bubblewrapSandbox().check()).toBe(
      'bubblewrap 0.6.1 is too old. Install version 0.8 or later.',
    );
  });

  it('recognizes another program', async () => {
    install('something else', 'exit 1');
    expect(await bubblewrapSandbox().check()).toBe(
      `${join(folder, 'bwrap')} does not print the version of bubblewrap.`,
    );
  });

  it('passes on the message of bubblewrap, with advice', async () => {
    install('bubblewrap 0.11.0', 'echo "bwrap: setting up uid map: Permission denied" >&2; exit 1');
    const message = await bubblewrapSandbox().check();
    expect(message).toContain(
      'The sandbox could not be started: bwrap: setting up uid map: Permission denied. ',
    );
    expect(message).toMatch(/sysctl|docker run/);
  });

  it('notices a program that runs without a sandbox', async () => {
    install('bubblewrap 0.11.0', 'exit 0');
    expect(await bubblewrapSandbox().check()).toContain('The sandbox could not be started');
  });

  it('names socat when it is missing, if agents may reach hosts', async () => {
    install('bubblewrap 0.11.0', 'exit 1');
    expect(await bubblewrapSandbox({ network: true }).check()).toBe(
      'socat is not installed, by which agents reach permitted hosts. ' +
        'Install it, for example by `apt-get install socat`.',
    );
    expect(await bubblewrapSandbox().check()).not.toContain('socat');
  });

  describeNeeding(works)('on a machine that forbids it', () => {
    let sources: CompiledSources;
    let script: string;

    beforeAll(async () => {
      sources = await CompiledSources.create(
        ['src/agent-webkit/sandbox', 'src/agent-webkit/engine'],
        { hasPackages: false },
      );
      script = sources.path('check.mjs');
      const url = sources.url('src/agent-webkit/sandbox/bubblewrap/bubblewrap-sandbox.js');
      const code = `const { bubblewrapSandbox } = await import('${url}');
        console.log(await bubblewrapSandbox().check());`;
      writeFileSync(script, code);
    });

    afterAll(() => sources.remove());

    async function check(...command: [string, ...string[]]): Promise<string> {
      const [program, ...args] = command;
      const run = new Program(program, [...args, process.execPath, script]);
      await run.ended();
      return run.output;
    }

    it('names the setting that permits no user namespaces', async () => {
      const forbid = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"';
      const output = await check('unshare', '--user', '--map-root-user', 'sh', '-c', forbid, 'sh');
      expect(output).toContain('Set `sysctl user.max_user_namespaces=10000`.');
    });

    it('names the options of a container whose /proc cannot be mounted', async () => {
      const output = await check(
        'bwrap',
        '--unshare-user',
        '--unshare-pid',
        '--dev-bind',
        '/',
        '/',
        '--proc',
        '/proc',
        '--tmpfs',
        '/proc/bus',
      );
      expect(output).toContain("Can't mount proc");
      expect(output).toContain('--security-opt systempaths=unconfined');
    });
  });
});

describe('The advice after a failure of bubblewrap', () => {
  const failure = 'bwrap: Creating new namespace failed: Operation not permitted';

  it.each([
    ['/proc/sys/user/max_user_namespaces', '0', 'user.max_user_namespaces=10000'],
    ['/proc/sys/kernel/unprivileged_userns_clone', '0', 'kernel.unprivileged_userns_clone=1'],
    [
      '/proc/sys/kernel/apparmor_restrict_unprivileged_userns',
      '1',
      'kernel.apparmor_restrict_unprivileged_userns=0',
    ],
  ])('names %s when it is %s', async (file, value, remedy) => {
    const advice = await adviceFor(failure, machine({ [file]: value }));
    expect(advice).toContain(remedy);
    expect(advice).not.toContain('docker');
  });

  it('names the options of a container, in a container', async () => {
    const advice = await adviceFor(failure, machine({}, true));
    expect(advice).toContain('--security-opt seccomp=unconfined');
  });

  it('names what bubblewrap needs, where nothing forbids it', async () => {
    expect(await adviceFor(failure, machine({}))).toContain('needs user namespaces');
  });

  it('is empty when the system has not refused anything', async () => {
    expect(await adviceFor('bwrap: Unknown option --as-pid-1', machine({}))).toBe('');
  });
});

/** Returns a machine with these settings of its kernel. */
function machine(settings: Record<string, string>, isContainer = false): Machine {
  return {
    readSetting: (file) => Promise.resolve(settings[file] ?? null),
    isContainer: () => isContainer,
  };
}
