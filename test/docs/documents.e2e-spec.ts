import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bootModule } from './boot-module.js';
import { HostFolder } from './host-folder.js';
import { readBlocks, readDocument, ROOT } from './markdown.js';
import { findNginxProblems } from './nginx.js';
import { checkTypes, nameOf } from './typed-blocks.js';

const guides = readdirSync(join(ROOT, 'docs/guides'));
const documents = ['SECURITY.md', ...guides.map((name) => `docs/guides/${name}`)];
const blocks = documents.flatMap(readBlocks);
const typed = blocks.filter(({ language }) => language === 'ts');

describe('the guides', () => {
  let host: HostFolder;
  beforeAll(async () => {
    host = await HostFolder.create();
  });
  afterAll(() => host?.remove());

  it('have TypeScript that compiles in a strict host', () => {
    expect(checkTypes(typed)).toEqual([]);
  }, 120_000);

  const modules = typed.filter(({ code }) => code.includes('export class AppModule'));
  it.each(modules.map((block) => [`${block.path}:${block.line}`, block] as const))(
    'have at %s a module that boots, and asks who one is',
    async (_, block) => {
      const path = await host.write(`${nameOf(block)}.ts`, block.code);

      expect([200, 401, 403]).toContain(await bootModule(host, path, {}));
    },
  );

  it('have a test with the scripted agent that passes', async () => {
    const block = typed.find(({ code }) => code.includes('testDenial'));
    const path = await host.write('testing.ts', block?.code ?? '');
    const main = await host.write(
      'run-testing.ts',
      `const { testDenial } = await import(${JSON.stringify(path)});
       process.stdout.write(await testDenial());`,
    );
    const program = host.run(process.execPath, [main]);

    expect([await program.ended(), program.output]).toEqual([
      0,
      expect.stringContaining('not today'),
    ]);
  });

  it('have configurations of nginx without faults', () => {
    const configurations = blocks.filter(({ language }) => language === 'nginx');

    expect(configurations.flatMap(({ code }) => findNginxProblems(code))).toEqual([]);
  });

  it('link to what is there', () => {
    const links = documents.flatMap((path) =>
      [...readDocument(path).matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, to = '']) =>
        join(ROOT, dirname(path), to),
      ),
    );

    expect(links.filter((path) => !existsSync(path))).toEqual([]);
  });
});
