import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { demoScript, scriptedSdkFactory } from '../../src/testing.js';
import { eventually } from '../support/eventually.js';
import { findFreePort } from '../support/free-port.js';
import { startApp } from '../support/start-app.js';
import { bootModules } from './boot-module.js';
import { HostFolder } from './host-folder.js';
import { type Block, DOCUMENTS, readBlocks } from './markdown.js';
import { checkTypes, nameOf, PAGE } from './typed-blocks.js';

/** Credentials for the examples that read some. */
const HEADERS = { 'x-api-key': 's3cret-of-ann', authorization: 'Bearer a-long-secret' };

const all = DOCUMENTS.flatMap(readBlocks);
const blocks = all.filter(({ language }) => language === 'ts');
const components = all.filter(({ language }) => language === 'tsx');
const listens = ({ code }: Block) => /\.listen\(/.test(code);
const isModule = (block: Block) => !listens(block) && block.code.includes('export class AppModule');
const isClient = ({ code }: Block) => code.includes('nestjs-agent-webkit/client');
const named = (chosen: Block[]) =>
  chosen.map((block) => [`${block.path}:${block.line}`, block] as const);

describe('The TypeScript of the documents', () => {
  let host: HostFolder;
  beforeAll(async () => {
    host = await HostFolder.create();
  });
  afterAll(() => host?.remove());

  it('compiles in a strict host', () => {
    expect(blocks.length).toBeGreaterThan(8);
    expect(checkTypes(blocks)).toEqual([]);
  }, 120_000);

  it('contains components that compile in a strict page', () => {
    expect(components.length).toBeGreaterThan(0);
    expect(checkTypes(components, PAGE)).toEqual([]);
  }, 120_000);

  it('contains modules that boot and answer', async () => {
    const paths = await Promise.all(
      blocks.filter(isModule).map((block) => host.write(`${nameOf(block)}.ts`, block.code)),
    );
    const statuses = await bootModules(host, paths, HEADERS);

    expect(statuses.size).toBeGreaterThan(5);
    for (const [path, status] of statuses) {
      expect({ path, isAnswer: [200, 401, 403].includes(status) }).toEqual({
        path,
        isAnswer: true,
      });
    }
  }, 60_000);

  it.each(named(blocks.filter(listens)))(
    'contains a server that starts, answers and stops: %s',
    async (_, block) => {
      const port = await findFreePort();
      const main = await host.write(`${nameOf(block)}.ts`, block.code);
      const server = host.run(process.execPath, [main], {
        PORT: String(port),
        AGENT_TOKEN: 'a-token-of-the-reader',
      });
      const answer = async () => {
        if (server.status !== null) throw new Error(server.output);
        const response = await fetch(`http://127.0.0.1:${port}/sessions`).catch(() => null);
        return response?.status ?? null;
      };
      const status = await eventually(answer, (received) => received !== null);

      expect(status).toBeLessThan(500);
      await server.end();
    },
  );

  it.each(named(blocks.filter(isClient)))(
    'contains a client that runs against a server: %s',
    async (_, block) => {
      const app = await startApp({ agent: { sdkFactory: scriptedSdkFactory(demoScript) } });
      const code = block.code.replaceAll('http://127.0.0.1:3000', app.url);
      const path = await host.write(`${nameOf(block)}.ts`, code);
      const id = await app.createSession();
      await app.say(id, 'permission');
      const program = host.run(process.execPath, [path]);
      const ended = async () => {
        // It reads the requests of this session until that is deleted.
        const { state } = await app.info(id);
        if (code.includes('.requests()') && state === 'idle')
          await app.request('DELETE', `/sessions/${id}`);
        return program.status !== null;
      };
      try {
        await eventually(ended);
      } finally {
        await app.close();
      }

      expect([await program.ended(), program.output]).toEqual([0, expect.anything()]);
    },
    60_000,
  );

  it.each(named(blocks.filter((block) => !listens(block) && !isModule(block) && !isClient(block))))(
    'contains code that runs to its end: %s',
    async (_, block) => {
      const path = await host.write(`${nameOf(block)}.ts`, block.code);
      const program = host.run(process.execPath, [path]);

      expect([await program.ended(), program.output]).toEqual([0, expect.anything()]);
    },
  );
});
