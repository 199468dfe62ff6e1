import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { CompiledSources } from '../support/compiled-sources.js';
import { type FakeMessagesApi, startFakeMessagesApi } from '../support/fake-messages-api.js';
import { describeNeeding, describeOnly } from '../support/needs.js';
import { ServerProcess } from './server-process.js';

const RISK = 'agents can read and change everything that the server can';
const ACCEPT =
  "To accept this risk, set the option sandbox: { use: 'none' }, in the standalone server AGENT_WEBKIT_SANDBOX=none.";
const FAILURE = 'bwrap: No permissions to create a new namespace';

const hasBubblewrap = (): boolean => {
  try {
    execFileSync('bwrap', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

let sources: CompiledSources;
let folder: string;
let api: FakeMessagesApi;
/** The programs of this machine, without bubblewrap. */
let without: string;
/** The same, with a bubblewrap that may not create namespaces. */
let failing: string;

beforeAll(async () => {
  sources = await CompiledSources.create();
  folder = await mkdtemp(join(tmpdir(), 'agent-webkit-sandbox-'));
  api = await startFakeMessagesApi(() => ({ blocks: [{ text: 'Hello.' }] }));
  without = join(folder, 'without');
  await mkdir(without);
  for (const path of (process.env['PATH'] ?? '').split(delimiter)) {
    // oxlint-disable-next-line no-await-in-loop -- the first program of a name counts
    const names = await readdir(path).catch(() => []);
    // oxlint-disable-next-line no-await-in-loop -- as above
    await Promise.all(
      names
        .filter((name) => name !== 'bwrap')
        .map((name) => symlink(join(path, name), join(without, name)).catch(() => undefined)),
    );
  }
  const broken = join(folder, 'broken');
  await mkdir(broken);
  const script = `[ "$1" = --version ] && exec echo bubblewrap 0.8.0\necho '${FAILURE}' >&2\nexit 1`;
  await writeFile(join(broken, 'bwrap'), `#!/bin/sh\n${script}\n`);
  await chmod(join(broken, 'bwrap'), 0o755);
  failing = `${broken}${delimiter}${without}`;
});
afterEach(() => ServerProcess.killAll());
afterAll(async () => {
  await sources.remove();
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

/** The environment of a server with the real agent, on loopback. */
const claude = (env: Record<string, string> = {}): Record<string, string> => ({
  HOME: folder,
  AGENT_WEBKIT_AGENT: 'claude',
  AGENT_WEBKIT_WORKSPACE: folder,
  ANTHROPIC_API_KEY: 'test',
  ANTHROPIC_BASE_URL: api.url,
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  ...env,
});
const PUBLIC = { AGENT_WEBKIT_NO_AUTH: '0', AGENT_WEBKIT_TOKEN: 'token', HOST: '0.0.0.0' };
const PRODUCTION = {
  AGENT_WEBKIT_NO_AUTH: '0',
  AGENT_WEBKIT_TOKEN: 'token',
  NODE_ENV: 'production',
};

const start = (env: Record<string, string>) => ServerProcess.start(sources, 'exec "$@"', { env });

/** Returns the lines that a server has logged with a level. */
const logged = ({ program }: ServerProcess, level: 'WARN' | 'ERROR' | 'LOG'): string[] =>
  program.lines
    .filter((line) => line.includes(` ${level} `) && !line.includes('The page is not built'))
    .map((line) => line.replace(/.* \[\w+\] /, ''));

/** Returns the sentence with which a server that does not start ends. */
const refusal = async (env: Record<string, string>): Promise<string> => {
  const server = await ServerProcess.run(sources, 'exec "$@"', { env });
  expect(await server.program.ended()).toBe(1);
  expect(server.program.output).not.toMatch(/^\s+at |Listening/m);
  const errors = logged(server, 'ERROR');
  expect(errors).toHaveLength(1);
  return errors[0] ?? '';
};

describe('the settings of the sandbox', () => {
  it.each([
    ['AGENT_WEBKIT_SANDBOX', 'maybe', 'auto, required, none'],
    ['AGENT_WEBKIT_WORKSPACE_PER', 'user', 'session, owner, shared'],
    ['AGENT_WEBKIT_ALLOWED_HOSTS', '10.0.0.1', 'registry.npmjs.org'],
    ['AGENT_WEBKIT_ALLOWED_HOSTS', 'https://example.org', 'registry.npmjs.org'],
  ])('reject %s=%s, and say what it can be', async (variable, value, accepted) => {
    const sentence = await refusal({ [variable]: value });

    expect(sentence).toContain(`${variable} must be`);
    expect(sentence).toContain(value);
    expect(sentence).toContain(accepted);
  });

  it.each([
    ['session', /^\/sessions\/[0-9a-f-]{36}$/],
    ['owner', /^\/owners\/[0-9a-f]{32}$/],
    ['shared', /^$/],
  ])('choose the folder of a session, with %s', async (per, path) => {
    const workspace = await realpath(await mkdtemp(join(folder, 'workspace-')));
    const server = await start({
      AGENT_WEBKIT_WORKSPACE: workspace,
      AGENT_WEBKIT_WORKSPACE_PER: per,
    });
    const id = await server.createSession();
    const answer = await fetch(`${server.url}/sessions/${id}`);
    const { cwd } = (await answer.json()) as { cwd: string };

    expect(cwd.startsWith(workspace)).toBe(true);
    expect(cwd.slice(workspace.length)).toMatch(path);
  });
});

const onLinux = describeOnly(process.platform === 'linux' ? null : 'bubblewrap is for Linux');

onLinux('a server with the real agent and without bubblewrap', () => {
  it.each([
    ['HOST is 0.0.0.0', PUBLIC],
    ['NODE_ENV is production', PRODUCTION],
  ])('does not start where %s', async (reason, env) => {
    const sentence = await refusal(claude({ PATH: without, ...env }));

    expect(sentence).toContain(
      `No sandbox works on this machine, and other machines can reach this server: ${reason}.`,
    );
    expect(sentence).toContain(`Without one, ${RISK}.`);
    expect(sentence).toContain('apt-get install bubblewrap');
    expect(sentence).toContain(ACCEPT);
  });

  it('does not start where its bubblewrap fails, and says why', async () => {
    const sentence = await refusal(claude({ PATH: failing, ...PRODUCTION }));

    expect(sentence).toContain(FAILURE);
    expect(sentence).toContain(ACCEPT);
  });

  it('does not start on loopback where a sandbox is required', async () => {
    const required = { AGENT_WEBKIT_SANDBOX: 'required' };
    const sentence = await refusal(claude({ PATH: without, ...required }));

    expect(sentence).toContain("the option 'sandbox.use' requires one");
    expect(sentence).toContain('apt-get install bubblewrap');
  });

  it.each([
    ['is missing', () => without],
    ['fails', () => failing],
  ])('starts on loopback where bubblewrap %s, and warns in one line', async (_, path) => {
    const server = await start(claude({ PATH: path() }));
    await server.program.says(/^Sandbox: none$/m);

    const warnings = logged(server, 'WARN');
    expect(warnings).toEqual([expect.stringContaining(`so ${RISK}.`)]);
    expect(warnings[0]).toContain(ACCEPT);
  });

  it.each([
    ['HOST is 0.0.0.0', PUBLIC],
    ['NODE_ENV is production', PRODUCTION],
  ])('starts where %s and the risk is accepted, and warns in one line', async (reason, env) => {
    const accepted = { AGENT_WEBKIT_SANDBOX: 'none' };
    const server = await start(claude({ PATH: without, ...env, ...accepted }));
    await server.program.says(/^Sandbox: none$/m);

    expect(logged(server, 'WARN')).toEqual([
      `Agents run without a sandbox, because the option 'sandbox.use' is 'none': ${RISK}. ` +
        `Other machines can reach this server: ${reason}.`,
    ]);
  });

  it('starts on loopback with no sandbox in words, without a warning', async () => {
    const server = await start(claude({ PATH: without, AGENT_WEBKIT_SANDBOX: 'none' }));
    await server.program.says(/^Sandbox: none$/m);

    expect(logged(server, 'WARN')).toEqual([]);
  });

  it('starts with the demo agent, which needs no sandbox', async () => {
    const server = await start({ PATH: without, ...PRODUCTION });

    expect(logged(server, 'WARN')).toEqual([]);
    expect(server.program.output).not.toContain('Sandbox:');
  });
});

describeNeeding(hasBubblewrap() ? null : 'bubblewrap is not installed')(
  'a server with the real agent and bubblewrap',
  () => {
    it.each([
      ['on loopback', {}],
      ['on a public address', PUBLIC],
      ['in production', PRODUCTION],
      ['with a sandbox that is required', { AGENT_WEBKIT_SANDBOX: 'required' }],
    ])('starts %s, and prints the sandbox', async (_, env) => {
      const server = await start(claude(env));
      await server.program.says(/^Sandbox: bubblewrap, no network$/m);

      expect(logged(server, 'WARN')).toEqual([]);
      expect(logged(server, 'LOG')).toContain('Agents run in the sandbox bubblewrap.');
    });

    it('prints the hosts that agents can reach', async () => {
      const hosts = { AGENT_WEBKIT_ALLOWED_HOSTS: 'registry.npmjs.org, *.example.org' };
      const server = await start(claude(hosts));
      await server.program.says(
        /^Sandbox: bubblewrap, network: registry\.npmjs\.org, \*\.example\.org$/m,
      );
    });

    it('reports the sandbox in its sessions, its list and its turns', async () => {
      const server = await start(claude());
      const id = await server.createSession();
      const stream = await server.stream(id);
      await server.post(`/sessions/${id}/input`, { type: 'user_message', content: 'hello' });

      expect((await stream.next('turn_start')).data).toMatchObject({
        sandbox: 'bubblewrap',
        network: [],
      });
      expect((await stream.next('result')).data).toMatchObject({ is_error: false });
      const read = async (path: string): Promise<unknown> =>
        (await fetch(server.url + path)).json();
      const walls = { sandbox: 'bubblewrap', network: [] };
      expect(await read(`/sessions/${id}`)).toMatchObject(walls);
      expect(await read('/sessions')).toMatchObject({ sessions: [walls] });
      stream.close();
    });
  },
);
