import { cp } from 'node:fs/promises';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SignJWT } from 'jose';
import type { Browser } from 'playwright-core';
import { describeInChromium, launchChromium } from '../support/chromium.js';
import { describePostgres, PostgresBench } from '../support/postgres.js';
import { SseClient } from '../support/sse-client.js';
import { HostFolder } from './host-folder.js';
import { ROOT } from './markdown.js';

/** Writes an example into a host's folder. Resolves to the path of its `main`. */
async function writeExample(host: HostFolder, name: string): Promise<string> {
  const folder = join(ROOT, 'examples', name);
  await Promise.all(
    readdirSync(folder)
      .filter((file) => file.endsWith('.ts'))
      .map((file) => host.write(`${name}/${file}`, readFileSync(join(folder, file), 'utf8'))),
  );
  return join(host.path, name, 'main.js');
}

/** Makes every import of Nest fail, to prove that there is none. */
const REFUSE_NEST = `
  import { register } from 'node:module';
  register('data:text/javascript,' + encodeURIComponent(\`
    const isNest = (name) => name.startsWith('@nestjs/') || name.startsWith('rxjs');
    export async function resolve(specifier, context, next) {
      if (isNest(specifier)) throw new Error('imports ' + specifier);
      return next(specifier, context);
    }
  \`));
`;

const json = { 'content-type': 'application/json' };
const post = (url: string, token: string, body: object) =>
  fetch(url, {
    method: 'POST',
    headers: { ...json, authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });

const statusOf = async (url: string, token?: string) =>
  (await fetch(url, token ? { headers: { authorization: `Bearer ${token}` } } : {})).status;

async function startSession(url: string, token: string) {
  const created = await post(`${url}/sessions`, token, {});
  const { session_id: id } = (await created.json()) as { session_id: string };
  const session = `${url}/sessions/${id}`;
  const stream = await SseClient.open(`${session}/stream`, { authorization: `Bearer ${token}` });
  return {
    id,
    stream,
    send: (message: object) => post(`${session}/input`, token, message),
  };
}

describe('The minimal example', () => {
  let host: HostFolder;
  beforeAll(async () => {
    host = await HostFolder.create();
  });
  afterAll(() => host?.remove());

  it('prints a link to the page, and serves a session', async () => {
    const main = await writeExample(host, 'minimal');
    const program = host.run(process.execPath, [main], { PORT: '0' });
    const [, url = '', token = ''] = await program.says(/Open (\S+)\/agents#token=(\w+)/);

    expect((await fetch(`${url}/agents`)).status).toBe(200);
    const { stream, send } = await startSession(url, token);
    await send({ type: 'user_message', content: 'hello' });
    expect((await stream.next('result')).data).toMatchObject({ subtype: 'success' });
    stream.close();
  });
});

describeInChromium('The example of generative UI', () => {
  let host: HostFolder;
  let browser: Browser;
  beforeAll(async () => {
    [browser, host] = await Promise.all([launchChromium(), HostFolder.create()]);
  });
  afterAll(async () => {
    await browser?.close();
    await host?.remove();
  });

  it('draws both components by React, while the agent writes them and after a reload', async () => {
    const main = await writeExample(host, 'generative-ui');
    const source = join(host.path, 'page-source');
    const page = join(ROOT, 'examples/generative-ui/page');
    for (const file of ['index.html', 'main.tsx']) {
      // oxlint-disable-next-line no-await-in-loop -- two files
      await cp(join(page, file), join(source, file));
    }
    const vite = join(ROOT, 'node_modules/vite/bin/vite.js');
    const folder = join(host.path, 'generative-ui/page');
    await host.run(process.execPath, [vite, 'build', source, '--outDir', folder]).says(/built in/);
    const program = host.run(process.execPath, [main], { PORT: '0' });
    const [, link = ''] = await program.says(/Open (\S+)/);
    const tab = await browser.newPage();
    await tab.goto(link);
    await tab.getByRole('button').click();
    await tab.locator('.weather[data-state=writing]').waitFor();
    await tab.locator('.prices[data-state=rendered]').waitFor();
    await tab.reload();
    await tab.locator('.prices[data-state=rendered]').waitFor();
    expect(await tab.locator('.weather').innerText()).toMatch(/^Lisbon\s+21.5 °C\s+Sunny/);
    expect(await tab.locator('.prices').innerText()).toMatch(/^Small\s+5.00 €\s+Large\s+19.00 €$/);
    await tab.close();
  });
});

describe('The example without Nest', () => {
  let host: HostFolder;
  beforeAll(async () => {
    host = await HostFolder.create();
  });
  afterAll(() => host?.remove());

  it('serves sessions with node:http and the engine alone', async () => {
    const main = await writeExample(host, 'engine');
    const refusing = await host.write('refuse-nest.mjs', REFUSE_NEST);
    const program = host.run(process.execPath, ['--import', refusing, main], { PORT: '0' });
    const [, url = '', token = ''] = await program.says(/on (http:\S+), token of ann: (\S+)/);

    expect(await statusOf(`${url}/sessions`)).toBe(401);
    expect(await statusOf(`${url}/nothing`, token)).toBe(404);
    const { id, stream, send } = await startSession(url, token);
    const session = `${url}/sessions/${id}`;
    expect((await send({ type: 'user_message', content: 'hello' })).status).toBe(204);
    expect((await stream.next('result')).data).toMatchObject({ subtype: 'success' });
    const refused = await send({ type: 'no such type' });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ statusCode: 400, code: 'invalid_request' });
    expect((await post(`${url}/sessions`, token, { cwd: '/' })).status).toBe(403);
    expect(await statusOf(`${session}/events?after=999`, token)).toBe(412);
    const events = await fetch(`${session}/events`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(await events.json()).toMatchObject({ events: stream.events, has_more: false });

    const headers = { authorization: `Bearer ${token}` };
    expect((await fetch(session, { method: 'DELETE', headers })).status).toBe(204);
    await stream.next('done');
    await stream.ended();
    expect(await statusOf(session, token)).toBe(404);
    await program.end();
  });
});

describePostgres('The realistic example', () => {
  const SECRET = 'a-secret-of-the-tests-with-enough-bytes';
  let host: HostFolder;
  let bench: PostgresBench;
  beforeAll(async () => {
    [host, bench] = [await HostFolder.create(), new PostgresBench()];
  });
  afterAll(async () => {
    await host?.remove();
    await bench?.close();
  });
  const start = async (env: Record<string, string> = {}) => {
    const main = await writeExample(host, 'realistic');
    const program = host.run(process.execPath, [main], {
      PORT: '0',
      DATABASE_URL: bench.url,
      DATABASE_SCHEMA: bench.schema,
      JWT_SECRET: SECRET,
      ...env,
    });
    const [, url = '', token = ''] = await program.says(/on (http:\S+)\nToken for ann[^:]*: (\S+)/);
    return { program, url, token };
  };
  const sign = (subject: string, expires: string) =>
    new SignJWT()
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(subject)
      .setAudience('agents')
      .setExpirationTime(expires)
      .sign(new TextEncoder().encode(SECRET));

  it('authenticates callers, requests permission for its tool, and keeps sessions over a restart', async () => {
    const { program, url, token } = await start();
    expect(await statusOf(`${url}/health`)).toBe(200);
    expect(await statusOf(`${url}/sessions`)).toBe(401);
    expect(await statusOf(`${url}/sessions`, await sign('ann', '-1 minute'))).toBe(401);

    const { id, stream, send } = await startSession(url, token);
    await send({ type: 'user_message', content: 'Where is my order 7?' });
    const { data } = await stream.next('permission_request');
    expect(data).toMatchObject({ tool_name: 'mcp__orders__find_order', input: { id: '7' } });
    await send({
      type: 'permission_response',
      correlation_id: data['correlation_id'],
      behavior: 'allow',
    });
    expect((await stream.next('tool_result')).data).toMatchObject({
      output: 'Order 7 is on its way.',
    });
    expect(await statusOf(`${url}/sessions/${id}`, await sign('bob', '1 minute'))).toBe(404);
    await stream.next('result');
    await program.end();

    const again = await start();
    expect(await statusOf(`${again.url}/sessions/${id}`, token)).toBe(200);
    await again.program.end();
  });

  it('answers 429 above the limit of requests', async () => {
    const { program, url, token } = await start({ MAX_PER_MINUTE: '2' });

    expect(await statusOf(`${url}/sessions`, token)).toBe(200);
    expect(await statusOf(`${url}/sessions`, token)).toBe(200);
    expect(await statusOf(`${url}/sessions`, token)).toBe(429);
    expect(await statusOf(`${url}/health`)).toBe(200);
    await program.end();
  });
});
