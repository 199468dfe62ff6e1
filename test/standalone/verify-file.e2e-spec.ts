import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CompiledSources } from '../support/compiled-sources.js';
import { Program } from '../support/program.js';
import { type FakeAgents, startFakeApp, type TestApp } from '../support/start-app.js';

describe('nestjs-agent-webkit verify', () => {
  let sources: CompiledSources;
  let folder: string;
  let server: TestApp;
  let agents: FakeAgents;
  let id: string;
  let lines: string[];
  beforeAll(async () => {
    sources = await CompiledSources.create();
    folder = await mkdtemp(join(tmpdir(), 'agent-webkit-verify-'));
    ({ server, agents } = await startFakeApp());
    id = await server.createSession();
    const stream = await server.stream(id);
    for (const toolUseID of ['t1', 't2', 't3']) {
      /* oxlint-disable no-await-in-loop -- one decision after the other */
      const answered = agents.newest().ask('Bash', { command: 'ls' }, { toolUseID });
      await stream.next('permission_request');
      const reply = { type: 'permission_response', correlation_id: toolUseID, behavior: 'allow' };
      await server.input(id, reply);
      await answered;
      /* oxlint-enable no-await-in-loop */
    }
    const response = await fetch(`${server.url}/sessions/${id}/decisions`);
    lines = (await response.text()).trimEnd().split('\n');
  });
  afterAll(async () => {
    await server.close();
    await sources.remove();
    await rm(folder, { recursive: true, force: true });
  });

  const run = async (args: readonly string[], input = '/dev/null') => {
    const command = [process.execPath, sources.path('src/main.ts'), 'verify', ...args];
    const program = new Program('sh', ['-c', '"$@" < "$INPUT"', 'sh', ...command], {
      env: { INPUT: input },
    });
    await program.ended();
    return { status: program.status, output: program.output };
  };
  const fileWith = async (...content: string[]) => {
    const file = join(folder, 'decisions.jsonl');
    await writeFile(file, content.map((line) => `${line}\n`).join(''));
    return file;
  };

  it('exits with 0 and counts the decisions of an export, from a file and from the standard input', async () => {
    const { hash } = JSON.parse(lines[2] ?? '') as { hash: string };
    const right =
      '3 decisions of 1 session: every line is right.\n' +
      `Session ${id}: decisions 1 to 3, none before them is missing. The last hash is ${hash}.\n`;
    const file = await fileWith(...lines);
    expect(await run([file])).toEqual({ status: 0, output: right });
    expect(await run(['-'], file)).toEqual({ status: 0, output: right });
  });

  it('says how many decisions are missing before the first line', async () => {
    const { status, output } = await run([await fileWith(...lines.slice(1))]);
    expect(status).toBe(0);
    expect(output).toContain('decisions 2 to 3, 1 earlier decision not in the file.');
  });

  it('exits with 1 and names the line that was changed', async () => {
    const changed = lines.with(1, (lines[1] ?? '').replace('"allowed"', '"denied"'));
    expect(await run([await fileWith(...changed)])).toEqual({
      status: 1,
      output: 'Line 2 is wrong: hash is not the hash of the line.\n',
    });
  });

  it.each([
    [['/no/such/file'], /^Cannot read \/no\/such\/file: ENOENT/],
    [[tmpdir()], /^Cannot read .*EISDIR/],
    [[], /^verify takes one file/],
    [['a', 'b'], /^verify takes one file/],
  ])('exits with 2 for %j', async (args, message) => {
    const { status, output } = await run(args);
    expect(output).toMatch(message);
    expect(status).toBe(2);
  });
});
