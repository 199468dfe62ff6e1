import 'reflect-metadata';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { InboundMessagePipe } from '../../src/agent-webkit/http/validated.pipe.js';
import { createClaudeEnv } from '../support/claude-env.js';
import { startFakeMessagesApi } from '../support/fake-messages-api.js';
import { SseClient } from '../support/sse-client.js';
import { until } from '../support/until.js';
import { HostFolder } from './host-folder.js';
import { readBlocks, readDocument, ROOT } from './markdown.js';
import { findNginxProblems } from './nginx.js';
import { bootModule, findFreePort } from './boot-module.js';
import { checkTypes, nameOf } from './typed-blocks.js';

const blocks = readBlocks('README.md');
const of = (language: string) => blocks.filter((block) => block.language === language);
const KEY = { 'x-api-key': 's3cret-of-ann', authorization: 'Bearer a-long-secret' };

describe('the README', () => {
  let host: HostFolder;
  beforeAll(async () => {
    host = await HostFolder.create();
  });
  afterAll(() => host?.remove());

  it('has blocks of these languages only, so that each is tested below', () => {
    const languages = new Set(blocks.map(({ language }) => language));

    expect([...languages].sort()).toEqual(['', 'json', 'nginx', 'sh', 'ts']);
    expect(of('').map(({ code }) => code.slice(0, 25))).toEqual(['POST /sessions/:id/input ']);
  });

  it('links to what is there', () => {
    const targets = [...readDocument('README.md').matchAll(/\]\(([^)#]+)\)/g)].map(([, to]) => to);

    expect(targets.filter((to) => !existsSync(join(ROOT, String(to))))).toEqual([]);
  });

  it('has TypeScript that compiles in a strict host', () => {
    expect(checkTypes(of('ts'))).toEqual([]);
  }, 120_000);

  it('has an app that streams the real agent’s answer to who has the token', async () => {
    const [app] = of('ts').filter(({ code }) => code.includes('app.listen'));
    const api = await startFakeMessagesApi(() => ({ blocks: [{ text: 'Hello, reader.' }] }));
    const env = await createClaudeEnv(api.url);
    const port = await findFreePort();
    const main = await host.write('main.ts', app?.code ?? '');
    const server = host.run(process.execPath, [main], {
      ...env.overrides.env,
      AGENT_TOKEN: 'reader-s-token',
      PORT: String(port),
    });
    const url = `http://127.0.0.1:${port}`;
    await server.says(/successfully started/);
    await until(
      () =>
        fetch(url).then(
          () => true,
          () => false,
        ),
      (isThere) => isThere,
    );
    const headers = { authorization: 'Bearer reader-s-token', 'content-type': 'application/json' };
    const send = async (path: string, body: object) =>
      fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });

    expect((await fetch(`${url}/sessions`)).status).toBe(401);
    expect((await fetch(`${url}/agents`)).status).toBe(200);
    const created = (await (await send('/sessions', {})).json()) as { session_id: string };
    const stream = await SseClient.open(`${url}/sessions/${created.session_id}/stream`, headers);
    await send(`/sessions/${created.session_id}/input`, { type: 'user_message', content: 'Hi' });
    const { data } = await stream.next('message_complete');
    expect(JSON.stringify(data)).toContain('Hello, reader.');
    stream.close();

    await server.end();
    await api.close();
    await env.close();
  });

  const modules = of('ts').filter(({ code }) => !code.includes('app.listen'));
  it.each(modules.map((block) => [nameOf(block), block] as const))(
    'has %s, which runs',
    async (name, block) => {
      const path = await host.write(`${name}.ts`, block.code);
      if (!block.code.includes('class AppModule')) {
        const program = host.run(process.execPath, [path]);
        expect({ status: await program.ended(), output: program.output }).toMatchObject({
          status: 0,
        });
        return;
      }
      expect(await bootModule(host, path, KEY)).toBe(200);
    },
  );

  it('has commands for curl that show what they say', async () => {
    const [start, ...sayings] = of('sh')
      .map(({ code }) => code)
      .filter((code) => code.includes('NO_AUTH') || code.includes('curl'));
    const server = host.run(
      'bash',
      ['-c', `exec env ${start?.replace('npm start', `node ${host.server}`)}`],
      {
        PORT: '0',
        AGENT_WEBKIT_WORKSPACE: host.path,
      },
    );
    const [, url = ''] = await server.says(/Listening on (http:\S+)/);
    const shell = host.run('bash', [], {});
    const outcomes = [
      /event: session_ready/,
      /event: message_delta[^]*event: message_complete[^]*event: result/,
      /event: permission_request/,
      /"outcome":"allowed"[^]*event: tool_result[^]*event: result/,
    ];
    expect(sayings).toHaveLength(outcomes.length);
    for (const [index, saying] of sayings.entries()) {
      shell.write(saying.replace('http://127.0.0.1:3000', url));
      // oxlint-disable-next-line no-await-in-loop -- one after the other, as a reader would
      await shell.says(outcomes[index] as RegExp);
    }
  });

  it('has no other commands than those that CI runs', () => {
    const others = of('sh').filter(({ code }) => !/curl|NO_AUTH/.test(code));

    expect(others.map(({ code }) => code.trim())).toEqual([
      'npm ci && npm start',
      'npm ci && npm test',
      'ANTHROPIC_API_KEY=... AGENT_WEBKIT_TOKEN=... npm start',
      'npm install nestjs-agent-webkit @anthropic-ai/claude-agent-sdk',
    ]);
  });

  it('has messages that the protocol accepts', () => {
    const pipe = new InboundMessagePipe();

    for (const { code } of of('json')) {
      const message: unknown = JSON.parse(code);
      expect(pipe.transform(message)).toEqual(message);
    }
  });

  it('has a configuration of nginx that lets streams through', () => {
    const [{ code } = { code: '' }] = of('nginx');

    expect(findNginxProblems(code)).toEqual([]);
    expect(code).toContain('proxy_buffering off;');
    // Longer than the 15 seconds between two signs of life, and as much as the server takes.
    expect(code).toContain('proxy_read_timeout 60s;');
    expect(code).toContain('client_max_body_size 10m;');
  });
});
