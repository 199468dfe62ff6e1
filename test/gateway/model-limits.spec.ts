import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ModelMeter } from '../../src/agent-webkit/gateway/model/model-meter.js';
import { isPermitted } from '../../src/agent-webkit/gateway/model/permitted-models.js';
import { RateBucket } from '../../src/agent-webkit/gateway/model/rate-bucket.js';
import { errorOf, ModelBench } from './model-bench.js';

let bench: ModelBench;
beforeEach(async () => {
  bench = await ModelBench.start();
});
afterEach(() => bench.close());

describe('The model gateway', () => {
  it('refuses more requests in a minute than the option allows', async () => {
    await bench.open({ limits: { modelRequestsPerMinute: 2, modelTokensPerMinute: null } });
    expect((await bench.call()).status).toBe(200);
    expect((await bench.call({ path: '/v1/messages/count_tokens' })).status).toBe(200);
    const refused = await bench.call();
    expect(refused.status).toBe(429);
    const seconds = Number(refused.headers['retry-after']);
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(30);
    expect(errorOf(refused)).toEqual({
      type: 'rate_limit_error',
      message: `This session has reached the server's limit of its requests to the model. Try again in ${seconds} s.`,
    });
    expect(bench.seen).toHaveLength(2);
    expect(bench.meter.requests).toBe(2);
  });

  it('refuses a request after more tokens in a minute than the option allows', async () => {
    await bench.open({ limits: { modelRequestsPerMinute: null, modelTokensPerMinute: 30 } });
    // The response has 33 tokens that count, and 4 that were read from the cache.
    expect((await bench.call()).status).toBe(200);
    const refused = await bench.call();
    expect(refused.status).toBe(429);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  });

  it.each([
    ['claude-opus-5-5', ['claude-opus-5-5'], true],
    ['claude-opus-5-5', ['opus'], true],
    ['claude-opus-5-5-20261101', ['opus-5-5'], true],
    ['claude-haiku-5-5', ['opus'], true],
    ['claude-sonnet-5-5', ['opus'], false],
    ['claude-opus-5-50', ['claude-opus-5-5'], false],
    ['opusx', ['opus'], false],
  ])('answers a request for %s where %j is permitted', async (model, models, isAllowed) => {
    await bench.open({ models, model: models[0]! });
    const answer = await bench.call({ body: JSON.stringify({ messages: [], model }) });
    expect(answer.status).toBe(isAllowed ? 200 : 403);
    expect(bench.seen).toHaveLength(isAllowed ? 1 : 0);
    if (isAllowed) return;
    expect(errorOf(answer)).toEqual({
      type: 'permission_error',
      message: `The model "${model}" is not permitted for this session.`,
    });
  });

  it.each([
    ['two models', '{"model":"claude-fable-5","model":"opus"}'],
    ['two models, the first one permitted', '{"model":"opus","model":"claude-fable-5"}'],
    ['an escaped second model', '{"model":"opus","mod\\u0065l":"claude-fable-5"}'],
    ['a model in another case', '{"model":"opus","Model":"claude-fable-5"}'],
    ['a model in another case only', '{"MODEL":"opus"}'],
    ['a model that is no text', '{"model":["opus"]}'],
    ['no model', '{"messages":[]}'],
    ['a model further in', '{"metadata":{"model":"opus"}}'],
    ['a model of a prototype', '{"__proto__":{"model":"opus"}}'],
    ['a list', '[{"model":"opus"}]'],
    ['text', 'model=opus'],
    ['nothing', ''],
    ['a byte order mark', '\uFEFF{"model":"opus"}'],
    ['another fallback', '{"model":"opus","fallbacks":[{"model":"claude-fable-5"}]}'],
    ['two fallbacks', '{"model":"opus","fallbacks":[],"fallbacks":[{"model":"claude-fable-5"}]}'],
    ['an unnamed fallback', '{"model":"opus","fallbacks":"default"}'],
  ])('refuses a body with %s where the models are restricted', async (_, body) => {
    await bench.open({ models: ['opus'], model: 'opus' });
    const { status } = await bench.call({ body });
    expect([400, 403]).toContain(status);
    expect(bench.seen).toEqual([]);
  });

  it.each([
    '{"model":"claude-opus-5-5","messages":[{"content":"\\"model\\":\\"x\\""}],"fallbacks":[{"model":"claude-opus-5"}]}',
    '{ "messages" : [ { "model" : "claude-fable-5" } ] , "model" \n:\t"opus" }',
    '{"a":"{[","model":"opus","b":"\\\\","c":"model"}',
  ])('passes on %s unchanged where the models are restricted', async (body) => {
    await bench.open({ models: ['opus'], model: 'opus' });
    expect((await bench.call({ body })).status).toBe(200);
    expect(bench.seen[0]?.body).toBe(body);
  });

  it('restricts the models in the paths of Bedrock', async () => {
    await bench.open({
      environment: {
        CLAUDE_CODE_USE_BEDROCK: '1',
        AWS_BEARER_TOKEN_BEDROCK: 'real',
        ANTHROPIC_BEDROCK_BASE_URL: bench.url,
      },
      models: ['opus'],
      model: 'opus',
    });
    const permitted = await bench.call({
      path: '/model/us.anthropic.claude-opus-4-5-20251101-v1:0/invoke',
    });
    expect(permitted.status).toBe(200);
    const refused = await bench.call({ path: '/model/us.anthropic.claude-sonnet-4-5-v1:0/invoke' });
    expect(refused.status).toBe(403);
  });

  it('learns the default model of Claude Code from its first request, and no other one', async () => {
    await bench.open({ models: ['sonnet'], model: null });
    const request = async (model: string) =>
      (await bench.call({ body: JSON.stringify({ model }) })).status;
    expect(await request('claude-haiku-5-5')).toBe(200);
    expect(await request('claude-opus-5-5')).toBe(200);
    expect(await request('claude-fable-5')).toBe(403);
    expect(await request('claude-opus-5-5')).toBe(200);
    expect(await request('claude-sonnet-5-5')).toBe(200);
  });

  it('learns no model when the first request is for a permitted one', async () => {
    await bench.open({ models: ['sonnet'], model: null });
    const request = async (model: string) =>
      (await bench.call({ body: JSON.stringify({ model }) })).status;
    expect(await request('claude-sonnet-5-5')).toBe(200);
    expect(await request('claude-opus-5-5')).toBe(403);
  });

  it('permits the models that the host names in the environment', async () => {
    await bench.open({
      environment: {
        ANTHROPIC_API_KEY: 'real-key',
        ANTHROPIC_BASE_URL: bench.url,
        ANTHROPIC_DEFAULT_OPUS_MODEL: 'our-large-deployment',
        ANTHROPIC_DEFAULT_HAIKU_MODEL: 'our-small-deployment',
      },
      models: ['opus'],
      model: 'opus',
    });
    const request = async (model: string) =>
      (await bench.call({ body: JSON.stringify({ model }) })).status;
    expect(await request('our-large-deployment')).toBe(200);
    expect(await request('our-small-deployment')).toBe(200);
    expect(await request('claude-haiku-5-5')).toBe(403);
  });
});

describe('A permitted model', () => {
  it.each([
    ['claude-sonnet-4-5@20250929', 'sonnet', true],
    ['eu.anthropic.claude-sonnet-4-5-20250929-v1:0', 'claude-sonnet-4-5', true],
    ['claude-sonnet-4-5-20250929', 'sonnet[1m]', true],
    ['claude-3-5-haiku-20241022', 'haiku', true],
    ['claude-opus-5', 'opusplan', true],
    ['claude-sonnet-5', 'opusplan', true],
    ['claude-haiku-5', 'opusplan', false],
    ['my-sonnet', 'sonnet', false],
    ['my-model', 'my-model', true],
    ['claude-opus-5', 'claude', true],
    ['claude-opus-5', '', false],
  ])('%s by %s: %s', (model, entry, isAllowed) => {
    expect(isPermitted(model, entry)).toBe(isAllowed);
  });
});

describe('A limit for each minute', () => {
  it('is refilled evenly, and never beyond a minute', () => {
    let now = 0;
    const bucket = new RateBucket(60, () => now);
    bucket.take(60);
    expect(bucket.waitS).toBe(1);
    now = 1000;
    expect(bucket.waitS).toBe(0);
    bucket.take(31);
    expect(bucket.waitS).toBe(31);
    now = 3_600_000;
    expect(bucket.waitS).toBe(0);
    bucket.take(60);
    expect(bucket.waitS).toBe(1);
  });

  it('is full again when all of it is refilled', () => {
    let now = 0;
    const bucket = new RateBucket(60, () => now);
    expect(bucket.isFull).toBe(true);
    bucket.take(1);
    now = 999;
    expect(bucket.isFull).toBe(false);
    now = 1000;
    expect(bucket.isFull).toBe(true);
  });

  it('is logged with the option that holds it, once in a minute', () => {
    const lines: string[] = [];
    const limits = { modelRequestsPerMinute: 2, modelTokensPerMinute: 10 };
    const meter = new ModelMeter(limits, (line) => lines.push(line));
    meter.begin();
    meter.begin();
    for (let count = 0; count < 5; count += 1) expect(() => meter.begin()).toThrow('limit');
    expect(lines).toEqual(['It has reached the limit agent.modelRequestsPerMinute, which is 2.']);
  });
});
