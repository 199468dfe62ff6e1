import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CompiledSources } from '../support/compiled-sources.js';
import { eventually } from '../support/eventually.js';
import { Program } from '../support/program.js';

const isUp = async (url: string) => (await fetch(`${url}/openapi.json`).catch(() => null))?.ok;

describe('npm start', () => {
  let sources: CompiledSources;
  let folder: string;
  beforeAll(async () => {
    sources = await CompiledSources.create();
    folder = await mkdtemp(join(tmpdir(), 'agent-webkit-npm-'));
    const start = `node ${JSON.stringify(sources.path('src/main.ts'))}`;
    await writeFile(join(folder, 'package.json'), JSON.stringify({ scripts: { start } }));
  });
  afterAll(async () => {
    await sources.remove();
    await rm(folder, { recursive: true, force: true });
  });

  /** Starts a server by npm, and resolves when both have ended after npm alone got the signal. */
  const startAndEnd = async (signal: NodeJS.Signals) => {
    const npm = new Program('npm', ['start'], {
      cwd: folder,
      env: { NO_COLOR: '1', PORT: '0', AGENT_WEBKIT_NO_AUTH: '1', AGENT_WEBKIT_AGENT: 'demo' },
    });
    const [, url = ''] = await npm.says(/^Listening on (\S+)$/m);
    expect(await isUp(url)).toBe(true);
    npm.signal(signal);
    await eventually(async () => (await isUp(url)) !== true);
    // It closes the pipes when both are gone.
    await npm.ended();
  };

  it('leaves no server when npm alone receives SIGKILL, SIGTERM or SIGHUP', async () => {
    await Promise.all((['SIGKILL', 'SIGTERM', 'SIGHUP'] as const).map(startAndEnd));
  });
});
