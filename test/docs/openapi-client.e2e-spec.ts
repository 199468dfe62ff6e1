import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import openapiTS, { astToString } from 'openapi-typescript';
import { HostFolder } from './host-folder.js';
import { ROOT } from './markdown.js';
import { MISTAKES, PROGRAM } from './openapi-client.js';
import { findTypeProblems } from './typed-blocks.js';

const TOKEN = 'a-token-for-this-test';

describe('GET /openapi.json of the server', () => {
  let host: HostFolder;
  let url: string;
  let document: string;
  beforeAll(async () => {
    host = await HostFolder.create();
    const server = host.run(process.execPath, [host.server], {
      PORT: '0',
      AGENT_WEBKIT_TOKEN: TOKEN,
      AGENT_WEBKIT_WORKSPACE: host.path,
    });
    [, url = ''] = await server.says(/Listening on (http:\S+)/);
    document = await (await fetch(`${url}/openapi.json`)).text();
  });
  afterAll(() => host?.remove());

  it('passes a linter with all of its recommended rules as errors', async () => {
    const config = await createConfig({ extends: ['recommended-strict'] });
    const lint = async (source: string) => {
      const problems = await lintFromString({ source, absoluteRef: 'openapi.json', config });
      return problems.map(({ ruleId, message }) => `${ruleId}: ${message}`);
    };

    expect(await lint(document)).toEqual([]);
    expect(await lint(document.replace('"security":', '"x-security":'))).not.toEqual([]);
  });

  it('has types against which a page compiles, and which find its mistakes', async () => {
    const types = astToString(await openapiTS(document, { silent: true }));
    const folder = join(ROOT, 'test/docs');
    const compile = (program: string) =>
      findTypeProblems(
        new Map([
          [join(folder, 'api.ts'), types],
          [join(folder, 'page.ts'), program],
        ]),
        { noUnusedLocals: false, noUnusedParameters: false },
      );
    const lines = PROGRAM.split('\n').length;

    expect(compile(PROGRAM)).toEqual([]);
    const found = compile(`${PROGRAM}\n${MISTAKES.join('\n')}`);
    expect([...new Set(found.map(({ line }) => line - lines))]).toEqual(
      MISTAKES.map((_, index) => index + 1),
    );
  }, 60_000);

  it('describes the server: the page runs', async () => {
    const path = await host.write('page.ts', PROGRAM);
    const page = host.run(process.execPath, [path, url, TOKEN]);

    expect([await page.ended(), page.output]).toEqual([0, expect.stringContaining('echo Bash')]);
    expect(page.output).toMatch(/\[allowed].*\[0\.001].*Green.*A service.*\[0\.001]/s);
  });
});
