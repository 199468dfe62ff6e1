import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createClaudeEnv } from '../support/claude-env.js';
import { findFreePort } from '../support/free-port.js';
import { startFakeMessagesApi } from '../support/fake-messages-api.js';
import { SseClient } from '../support/sse-client.js';
import { eventually } from '../support/eventually.js';
import { HostFolder } from './host-folder.js';
import { readBlocks, readDocument } from './markdown.js';

const blocks = readBlocks('README.md');
const of = (language: string) => blocks.filter((block) => block.language === language);

describe('The README', () => {
  let host: HostFolder;
  beforeAll(async () => {
    host = await HostFolder.create();
  });
  afterAll(() => host?.remove());

  it('has at most 200 lines', () => {
    expect(readDocument('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(200);
  });

  it('shows the two commands that CI runs, and the command that installs the package', () => {
    expect(of('sh').map(({ code }) => code.trim())).toEqual([
      'npm ci && npm start',
      'npm ci && npm test',
      'npm install nestjs-agent-webkit @anthropic-ai/claude-agent-sdk',
    ]);
  });

  it('shows an app that streams the answer of the real agent to a client with the token', async () => {
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
    await eventually(() =>
      fetch(url).then(
        () => true,
        () => false,
      ),
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

  it('describes a server that warns of an unknown variable, and does not start with an invalid value', async () => {
    const env = { PORT: '0', AGENT_WEBKIT_NO_AUTH: '1', AGENT_WEBKIT_MAX_AGENT: '3' };
    const server = host.run(process.execPath, [host.server], env);
    await server.says(/AGENT_WEBKIT_MAX_AGENT is ignored. Did you mean AGENT_WEBKIT_MAX_AGENTS\?/);
    await server.says(/Listening on http/);

    const wrong = host.run(process.execPath, [host.server], { AGENT_WEBKIT_MAX_AGENTS: 'many' });
    expect(await wrong.ended()).toBe(1);
    expect(wrong.output).toMatch(/AGENT_WEBKIT_MAX_AGENTS must be .*, but got 'many'/);
    expect(wrong.output).not.toContain('    at ');
  });
});
