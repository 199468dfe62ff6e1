import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkModelEnvironment } from '../../src/agent-webkit/gateway/model/find-provider.js';
import type { ModelCall } from '../../src/agent-webkit/gateway/model/provider.js';
import { amazonFrame, errorOf, ModelBench } from './model-bench.js';

let bench: ModelBench;
beforeEach(async () => {
  bench = await ModelBench.start();
});
afterEach(() => bench.close());

const BEDROCK_PATH = '/model/us.anthropic.claude-opus-5-5/invoke-with-response-stream';
const VERTEX_PATH =
  '/projects/proj/locations/us-east5/publishers/anthropic/models/claude-opus-5-5:streamRawPredict';

describe('The model gateway', () => {
  it('takes the Messages API for what it is, and any other server for another one', async () => {
    const api = await bench.open({ environment: { ANTHROPIC_API_KEY: 'real-key' } });
    expect(api.environment['ANTHROPIC_BASE_URL']).toBe('http://api.anthropic.com');
    await api.close();
    const other = await bench.open();
    expect(other.environment['ANTHROPIC_BASE_URL']).toBe('http://model.internal');
  });

  it.each([
    [
      { ANTHROPIC_API_KEY: 'real-key' },
      { ANTHROPIC_API_KEY: 'placeholder' },
      { 'x-api-key': 'real-key' },
    ],
    [
      { ANTHROPIC_AUTH_TOKEN: 'real-token' },
      { ANTHROPIC_AUTH_TOKEN: 'placeholder' },
      { authorization: 'Bearer real-token' },
    ],
    [
      { CLAUDE_CODE_OAUTH_TOKEN: 'real-oauth' },
      { CLAUDE_CODE_OAUTH_TOKEN: 'placeholder' },
      { authorization: 'Bearer real-oauth' },
    ],
    [
      { ANTHROPIC_API_KEY: 'real-key', CLAUDE_CODE_OAUTH_TOKEN: 'not-used' },
      { ANTHROPIC_API_KEY: 'placeholder' },
      { 'x-api-key': 'real-key' },
    ],
    [
      { ANTHROPIC_API_KEY: 'real-key', ANTHROPIC_AUTH_TOKEN: 'real-token' },
      { ANTHROPIC_API_KEY: 'placeholder', ANTHROPIC_AUTH_TOKEN: 'placeholder' },
      { 'x-api-key': 'real-key', authorization: 'Bearer real-token' },
    ],
  ])('keeps the credentials of %j outside', async (credentials, inside, headers) => {
    const gateway = await bench.open({
      environment: { ...credentials, ANTHROPIC_BASE_URL: `${bench.url}/prefix/` },
    });
    expect(gateway.environment).toEqual({
      ...inside,
      ANTHROPIC_BASE_URL: 'http://model.internal',
      ANTHROPIC_UNIX_SOCKET: bench.socket,
    });
    await bench.call({ headers: { 'x-api-key': 'placeholder', authorization: 'Bearer x' } });
    const [seen] = bench.seen;
    expect(seen?.url).toBe('/prefix/v1/messages');
    const { 'x-api-key': key, authorization } = seen?.headers ?? {};
    expect({
      ...(key && { 'x-api-key': key }),
      ...(authorization && { authorization }),
    }).toEqual(headers);
  });

  it('adds ANTHROPIC_CUSTOM_HEADERS outside', async () => {
    const gateway = await bench.open({
      environment: {
        ANTHROPIC_AUTH_TOKEN: 'real-token',
        ANTHROPIC_BASE_URL: bench.url,
        ANTHROPIC_CUSTOM_HEADERS:
          'X-Team: blue\nX-App: ours\nX-Gateway-Key: secret-value\n\nanthropic-beta: b',
      },
    });
    expect(JSON.stringify(gateway.environment)).not.toContain('secret-value');
    await bench.call({ headers: { 'x-team': 'red', 'x-app': 'cli', 'anthropic-beta': 'a' } });
    expect(bench.seen[0]?.headers).toMatchObject({
      'x-team': 'blue',
      'x-app': 'ours',
      'x-gateway-key': 'secret-value',
      authorization: 'Bearer real-token',
      'anthropic-beta': 'a,b',
    });
  });

  it('uses a stored login, and reads it again for each request', async () => {
    const CLAUDE_CONFIG_DIR = join(bench.folder, 'login');
    await mkdir(CLAUDE_CONFIG_DIR);
    const store = (accessToken: string, expiresAt: number) =>
      writeFile(
        join(CLAUDE_CONFIG_DIR, '.credentials.json'),
        JSON.stringify({ claudeAiOauth: { accessToken, refreshToken: 'r', expiresAt } }),
      );
    await store('first-token', Date.now() + 60_000);
    const gateway = await bench.open({
      environment: { CLAUDE_CONFIG_DIR, ANTHROPIC_BASE_URL: bench.url },
    });
    expect(gateway.environment).toMatchObject({ CLAUDE_CODE_OAUTH_TOKEN: 'placeholder' });
    await bench.call();
    await store('second-token', Date.now() + 60_000);
    await bench.call();
    expect(bench.seen.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer first-token',
      'Bearer second-token',
    ]);
    await store('third-token', Date.now() - 1);
    const expired = await bench.call();
    expect(expired.status).toBe(401);
    expect(errorOf(expired)).toEqual({
      type: 'authentication_error',
      message:
        'The stored login of the server has expired. Run `claude` on the server to renew it, or set CLAUDE_CODE_OAUTH_TOKEN.',
    });
    expect(bench.seen).toHaveLength(2);
  });

  it('uses a stored key', async () => {
    const CLAUDE_CONFIG_DIR = join(bench.folder, 'login');
    await mkdir(CLAUDE_CONFIG_DIR);
    await writeFile(join(CLAUDE_CONFIG_DIR, '.claude.json'), '{"primaryApiKey":"stored-key"}');
    const gateway = await bench.open({
      environment: { CLAUDE_CONFIG_DIR, ANTHROPIC_BASE_URL: bench.url },
    });
    expect(gateway.environment).toMatchObject({ ANTHROPIC_API_KEY: 'placeholder' });
    await bench.call();
    expect(bench.seen[0]?.headers['x-api-key']).toBe('stored-key');
  });

  it('reaches Bedrock with a bearer token, and only for its models', async () => {
    const gateway = await bench.open({
      environment: {
        CLAUDE_CODE_USE_BEDROCK: '1',
        AWS_BEARER_TOKEN_BEDROCK: 'real-bearer',
        AWS_SECRET_ACCESS_KEY: 'aws-secret',
        AWS_REGION: 'eu-west-1',
        ANTHROPIC_BEDROCK_BASE_URL: bench.url,
      },
    });
    expect(gateway.environment).toEqual({
      CLAUDE_CODE_USE_BEDROCK: '1',
      AWS_BEARER_TOKEN_BEDROCK: 'placeholder',
      AWS_REGION: 'eu-west-1',
      ANTHROPIC_BEDROCK_BASE_URL: 'http://model.internal',
      ANTHROPIC_UNIX_SOCKET: bench.socket,
    });
    expect((await bench.call({ path: BEDROCK_PATH })).status).toBe(200);
    const profile = 'arn:aws:bedrock:eu-west-1:1234:application-inference-profile/abc';
    const path = `/model/${encodeURIComponent(profile)}/invoke`;
    expect((await bench.call({ path })).status).toBe(200);
    expect(bench.seen.map(({ url }) => url)).toEqual([BEDROCK_PATH, path]);
    expect(bench.seen[0]?.headers.authorization).toBe('Bearer real-bearer');
    const refused = [
      '/v1/messages',
      '/model/claude/converse',
      '/model/a%2F..%2Fb/invoke',
      '/model/..%2Fx/invoke',
      '/model/%E0%A4%A/invoke',
      '/model/a%0d%0ab/invoke',
      '/model/a/../b/invoke',
      '/model//invoke',
      '/guardrail/x/version/1/apply',
      `${BEDROCK_PATH}?x=1`,
    ];
    for (const other of refused) {
      // oxlint-disable-next-line no-await-in-loop -- a refusal names the path that was not refused
      expect([other, (await bench.call({ path: other })).status]).toEqual([other, 403]);
    }
    expect(bench.seen).toHaveLength(2);
  });

  it('counts the tokens of an event stream of Bedrock', async () => {
    bench.respond = (_, res) => {
      res.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' });
      const frames = Buffer.concat([
        amazonFrame({
          type: 'message_start',
          message: { usage: { input_tokens: 7, output_tokens: 1 } },
        }),
        amazonFrame({ type: 'content_block_delta', delta: { text: 'x'.repeat(400_000) } }),
        amazonFrame({ type: 'message_delta', usage: { output_tokens: 9 } }),
      ]);
      // In parts that end anywhere.
      for (let at = 0; at < frames.length; at += 1021) res.write(frames.subarray(at, at + 1021));
      res.end();
    };
    await bench.open({
      environment: {
        CLAUDE_CODE_USE_BEDROCK: '1',
        AWS_BEARER_TOKEN_BEDROCK: 'real-bearer',
        ANTHROPIC_BEDROCK_BASE_URL: bench.url,
      },
    });
    await bench.call({ path: BEDROCK_PATH });
    expect(bench.meter).toMatchObject({ requests: 1, tokens: 7 + 9 });
  });

  it('signs requests by a function of the host, which receives the whole request', async () => {
    const calls: ModelCall[] = [];
    const gateway = await bench.open({
      environment: {
        CLAUDE_CODE_USE_BEDROCK: '1',
        AWS_ACCESS_KEY_ID: 'id',
        ANTHROPIC_BEDROCK_BASE_URL: bench.url,
      },
      credentials: async (call) => {
        calls.push(call);
        return { Authorization: 'AWS4-HMAC-SHA256 signature', 'X-Amz-Date': 'now' };
      },
    });
    expect(gateway.environment).toMatchObject({ CLAUDE_CODE_SKIP_BEDROCK_AUTH: '1' });
    await bench.call({ path: BEDROCK_PATH, body: '{"max_tokens":1}' });
    expect(calls).toEqual([
      {
        provider: 'bedrock',
        method: 'POST',
        url: bench.url + BEDROCK_PATH,
        headers: expect.objectContaining({ 'content-length': '16' }),
        body: Buffer.from('{"max_tokens":1}'),
      },
    ]);
    expect(bench.seen[0]).toMatchObject({
      body: '{"max_tokens":1}',
      headers: { authorization: 'AWS4-HMAC-SHA256 signature', 'x-amz-date': 'now' },
    });
  });

  it('answers 503 without the reason when the function of the host fails', async () => {
    await bench.open({
      environment: { ANTHROPIC_BASE_URL: bench.url },
      credentials: () => {
        throw new Error('secret-of-the-host');
      },
    });
    const answer = await bench.call();
    expect(answer.status).toBe(503);
    expect(errorOf(answer).message).toBe(
      'The server could not obtain the credentials for the model.',
    );
  });

  it('reaches Vertex for its project and its regions only', async () => {
    const gateway = await bench.open({
      environment: {
        CLAUDE_CODE_USE_VERTEX: '1',
        CLAUDE_CODE_SKIP_VERTEX_AUTH: '1',
        ANTHROPIC_AUTH_TOKEN: 'real-token',
        CLOUD_ML_REGION: 'us-east5',
        VERTEX_REGION_CLAUDE_HAIKU_4_5: 'global',
        ANTHROPIC_VERTEX_PROJECT_ID: 'proj',
        ANTHROPIC_VERTEX_BASE_URL: `${bench.url}/v1`,
      },
    });
    expect(gateway.environment).toEqual({
      CLAUDE_CODE_USE_VERTEX: '1',
      CLAUDE_CODE_SKIP_VERTEX_AUTH: '1',
      CLOUD_ML_REGION: 'us-east5',
      VERTEX_REGION_CLAUDE_HAIKU_4_5: 'global',
      ANTHROPIC_VERTEX_PROJECT_ID: 'proj',
      ANTHROPIC_VERTEX_BASE_URL: 'http://model.internal',
      ANTHROPIC_UNIX_SOCKET: bench.socket,
    });
    const other = VERTEX_PATH.replace('us-east5', 'global').replace('opus-5-5', 'haiku-4-5@1');
    const counted = VERTEX_PATH.replace('claude-opus-5-5:streamR', 'count-tokens:r');
    for (const path of [VERTEX_PATH, other, counted]) {
      // oxlint-disable-next-line no-await-in-loop -- the order is compared
      expect((await bench.call({ path })).status).toBe(200);
    }
    expect(bench.seen.map(({ url }) => url)).toEqual(
      [VERTEX_PATH, other, counted].map((path) => `/v1${path}`),
    );
    expect(bench.seen[0]?.headers.authorization).toBe('Bearer real-token');
    for (const path of [
      VERTEX_PATH.replace('proj/', 'other/'),
      VERTEX_PATH.replace('us-east5', 'asia-east1'),
      VERTEX_PATH.replace('anthropic', 'google'),
      VERTEX_PATH.replace('claude-opus-5-5', '..%2Fx'),
    ]) {
      // oxlint-disable-next-line no-await-in-loop
      expect((await bench.call({ path })).status).toBe(403);
    }
  });

  it.each([
    [{}, 'No credentials for Claude were found.'],
    [{ CLAUDE_CODE_USE_FOUNDRY: '1' }, 'CLAUDE_CODE_USE_FOUNDRY cannot be used'],
    [{ CLAUDE_CODE_USE_BEDROCK: '1', AWS_PROFILE: 'p' }, 'AWS_PROFILE, are not read'],
    [
      { CLAUDE_CODE_USE_VERTEX: '1', ANTHROPIC_VERTEX_PROJECT_ID: 'p' },
      'GOOGLE_APPLICATION_CREDENTIALS, are not read',
    ],
    [{ CLAUDE_CODE_USE_VERTEX: '1' }, 'needs ANTHROPIC_VERTEX_PROJECT_ID'],
    [
      { CLAUDE_CODE_OAUTH_TOKEN_FILE_DESCRIPTOR: '3' },
      'CLAUDE_CODE_OAUTH_TOKEN_FILE_DESCRIPTOR cannot be used',
    ],
    [{ ANTHROPIC_UNIX_SOCKET: '/x' }, 'ANTHROPIC_UNIX_SOCKET cannot be used'],
    [
      { ANTHROPIC_API_KEY: 'k', ANTHROPIC_BASE_URL: 'https://user:pass@example.org' },
      'ANTHROPIC_BASE_URL must be an http or https address',
    ],
    [
      { ANTHROPIC_API_KEY: 'k', ANTHROPIC_CUSTOM_HEADERS: 'X: y\nno header secret' },
      'Line 2 of ANTHROPIC_CUSTOM_HEADERS must be a header',
    ],
    [
      { CLAUDE_CODE_USE_BEDROCK: '1', AWS_BEARER_TOKEN_BEDROCK: 'k', AWS_REGION: 'evil.example/' },
      'AWS_REGION must be the name of a region',
    ],
  ])('refuses %j in words', async (environment, words) => {
    const home = { CLAUDE_CONFIG_DIR: bench.folder };
    const problem = await checkModelEnvironment({ ...home, ...environment });
    expect(problem).toContain(words);
    expect(problem).not.toContain('secret');
    expect(problem).not.toContain('pass');
    await expect(bench.open({ environment: { ...home, ...environment } })).rejects.toMatchObject({
      name: 'UnsupportedCredentialsError',
    });
  });
});
