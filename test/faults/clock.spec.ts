import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { CompiledSources } from '../support/compiled-sources.js';
import { describeNeeding } from '../support/needs.js';
import { ServerProcess } from './server-process.js';

const HOUR = 3_600_000;

/** The library that changes the system clock of one process, where Debian and Ubuntu install it. */
const LIBRARY = ['x86_64', 'aarch64']
  .map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketimeMT.so.1`)
  .find((path) => existsSync(path));

const MISSING = LIBRARY === undefined ? 'libfaketime is not installed (package faketime)' : null;

describeNeeding(MISSING)('a server whose system clock is set while it runs', () => {
  let sources: CompiledSources;
  let folder: string;
  let server: ServerProcess;
  beforeAll(async () => {
    sources = await CompiledSources.create();
  });
  afterAll(() => sources.remove());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'agent-webkit-clock-'));
    await setClock('+0');
  });
  afterEach(async () => {
    await ServerProcess.killAll();
    await rm(folder, { recursive: true, force: true });
  });

  /** Sets the clock of the server, relative to that of the machine. */
  const setClock = async (offset: string) => {
    const file = join(folder, 'offset');
    await writeFile(`${file}.new`, `${offset}\n`);
    await rename(`${file}.new`, file);
  };
  const start = async (env: Record<string, string>) => {
    server = await ServerProcess.start(sources, `exec env LD_PRELOAD=${LIBRARY} "$@"`, {
      env: {
        FAKETIME_TIMESTAMP_FILE: join(folder, 'offset'),
        FAKETIME_NO_CACHE: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
        ...env,
      },
    });
  };
  /** The time of the server, relative to that of the machine, in hours. */
  const clockOf = async (id: string) => {
    const stream = await server.stream(id);
    await server.post(`/sessions/${id}/input`, { type: 'user_message', content: 'hi' });
    await stream.next('user_message');
    stream.close();
    return Math.round((Date.parse(stream.times.at(-1) ?? '') - Date.now()) / HOUR);
  };

  it.each([
    ['-2h', -2],
    ['+2h', 2],
  ])('limits creations as before when it is set by %s', async (offset, hours) => {
    await start({ AGENT_WEBKIT_MAX_CREATIONS_PER_MINUTE: '1' });
    const id = await server.createSession();
    await setClock(offset);
    expect(await clockOf(id)).toBe(hours);
    const refused = await server.post('/sessions', {});
    expect(refused.status).toBe(429);
    const seconds = Number(refused.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
  });

  it.each(['-2h', '+2h'])('keeps its streams alive when it is set by %s', async (offset) => {
    await start({ AGENT_WEBKIT_KEEPALIVE_MS: '50' });
    const stream = await server.stream(await server.createSession());
    await stream.next('session_ready');
    await setClock(offset);
    const before = stream.comments.length;
    await stream.until(() => stream.comments.length > before + 3);
    stream.close();
  });

  it('deletes no unused session at once when it is set forward, and logs why', async () => {
    await start({ AGENT_WEBKIT_RETENTION_MS: '4000' });
    const id = await server.createSession();
    await setClock('+365d');
    await server.program.says(/WARN .*set forward by 8760 h\. Deleting no unused sessions/);
    expect((await fetch(`${server.url}/sessions/${id}`)).status).toBe(200);
  });
});
