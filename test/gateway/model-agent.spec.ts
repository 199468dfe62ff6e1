import { query, type SDKMessage, type SDKUserMessage } from '@anthropic-ai/claude-agent-sdk';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { bubblewrapSandbox } from '../../src/agent-webkit/sandbox/bubblewrap/bubblewrap-sandbox.js';
import { describeNeeding } from '../support/needs.js';
import { amazonFrame, type BenchOptions, ModelBench } from './model-bench.js';
import { NO_LIMITS } from '../support/walls.js';

const sandbox = bubblewrapSandbox();

/** Everything that a program of the agent can read about its environment, and that of the agent. */
const LOOK = "env; cat /proc/[0-9]*/environ | tr '\\0' '\\n'; grep -rs real- \"$HOME\" || true";

type Body = { messages?: { role: string; content: unknown }[]; model?: string; stream?: boolean };

let bench: ModelBench;
let root: string;
let bodies: string[];
let outputOfEach: number;

describeNeeding(await sandbox.check())('A real agent in a sandbox', () => {
  beforeEach(async () => {
    bench = await ModelBench.start();
    root = await realpath(await mkdtemp(join(tmpdir(), 'agent-webkit-')));
    bodies = [];
    outputOfEach = 8;
    bench.respond = (req, res) => void respond(req, res);
  });

  afterEach(async () => {
    await bench.close();
    await rm(root, { recursive: true, force: true });
  });

  const KINDS: [string, () => BenchOptions, Record<string, string>][] = [
    [
      'ANTHROPIC_API_KEY',
      () => ({ environment: { ANTHROPIC_API_KEY: 'real-key', ANTHROPIC_BASE_URL: bench.url } }),
      { 'x-api-key': 'real-key' },
    ],
    [
      'ANTHROPIC_AUTH_TOKEN with ANTHROPIC_CUSTOM_HEADERS',
      () => ({
        environment: {
          ANTHROPIC_AUTH_TOKEN: 'real-token',
          ANTHROPIC_CUSTOM_HEADERS: 'x-gateway-key: real-header',
          ANTHROPIC_BASE_URL: `${bench.url}/anthropic`,
        },
      }),
      { authorization: 'Bearer real-token', 'x-gateway-key': 'real-header' },
    ],
    [
      'CLAUDE_CODE_OAUTH_TOKEN',
      () => ({
        environment: { CLAUDE_CODE_OAUTH_TOKEN: 'real-oauth', ANTHROPIC_BASE_URL: bench.url },
      }),
      {
        authorization: 'Bearer real-oauth',
        'anthropic-beta': expect.stringContaining('oauth-2025-04-20') as unknown as string,
      },
    ],
    [
      'a stored login',
      () => ({ environment: { CLAUDE_CONFIG_DIR: login(), ANTHROPIC_BASE_URL: bench.url } }),
      {
        authorization: 'Bearer real-login',
        'anthropic-beta': expect.stringContaining('oauth-2025-04-20') as unknown as string,
      },
    ],
    [
      'AWS_BEARER_TOKEN_BEDROCK',
      () => ({
        environment: {
          CLAUDE_CODE_USE_BEDROCK: '1',
          AWS_BEARER_TOKEN_BEDROCK: 'real-bearer',
          ANTHROPIC_BEDROCK_BASE_URL: bench.url,
        },
      }),
      { authorization: 'Bearer real-bearer' },
    ],
    [
      'a function of the host for Bedrock',
      () => ({
        environment: { CLAUDE_CODE_USE_BEDROCK: '1', ANTHROPIC_BEDROCK_BASE_URL: bench.url },
        credentials: ({ body }) => ({ authorization: `AWS4 real-${body.length > 0}` }),
      }),
      { authorization: 'AWS4 real-true' },
    ],
    [
      'a function of the host for Vertex',
      () => ({
        environment: {
          CLAUDE_CODE_USE_VERTEX: '1',
          ANTHROPIC_VERTEX_PROJECT_ID: 'proj',
          CLOUD_ML_REGION: 'us-east5',
          ANTHROPIC_VERTEX_BASE_URL: `${bench.url}/v1`,
        },
        credentials: () => ({ authorization: 'Bearer real-google' }),
      }),
      { authorization: 'Bearer real-google' },
    ],
  ];

  it.each(KINDS)(
    'reaches the model with %s, and cannot read the credentials',
    async (_, options, headers) => {
      await mkdir(login());
      await writeFile(
        join(login(), '.credentials.json'),
        JSON.stringify({
          claudeAiOauth: { accessToken: 'real-login', expiresAt: Date.now() + 600_000 },
        }),
      );
      const messages = await run(options());
      expect(lastResult(messages)).toMatchObject({ subtype: 'success', result: 'word' });
      expect(bench.seen.length).toBeGreaterThanOrEqual(2);
      for (const seen of bench.seen) expect(seen.headers).toMatchObject(headers);
      // The result of the tool is in the last request.
      expect(bodies.at(-1)).toContain('ANTHROPIC_UNIX_SOCKET=');
      expect(bodies.join('')).not.toMatch(
        /real-(?:key|token|oauth|login|bearer|header|true|google)/,
      );
      const { requests, tokens } = bench.meter;
      expect({ requests, tokens }).toEqual({
        requests: bench.seen.length,
        tokens: (3 + 8) * bench.seen.length,
      });
    },
    60_000,
  );

  it('compacts and counts its context where the models are restricted', async () => {
    const messages = await run(
      {
        models: ['opus'],
        model: null,
        environment: { ANTHROPIC_API_KEY: 'real-key', ANTHROPIC_BASE_URL: bench.url },
      },
      ['hi', '/context', '/compact', 'again'],
      { availableModels: ['opus'] },
    );
    expect(lastResult(messages)).toMatchObject({ subtype: 'success', result: 'word' });
    expect(
      messages.some(
        ({ type, subtype }: { type: string; subtype?: string }) =>
          type === 'system' && subtype === 'compact_boundary',
      ),
    ).toBe(true);
    expect(bench.seen.some(({ url }) => url.includes('count_tokens'))).toBe(true);
  }, 90_000);

  it('retries while the model cannot be reached', async () => {
    const { respond: later } = bench;
    let failures = 0;
    bench.respond = (req, res) => {
      if (failures >= 2) return later(req, res);
      failures += 1;
      return void res.destroy();
    };
    const messages = await run({});
    expect(failures).toBe(2);
    expect(lastResult(messages)).toMatchObject({ subtype: 'success', result: 'word' });
  }, 60_000);

  it('waits when it has reached the limit of its requests', async () => {
    outputOfEach = 620;
    const messages = await run({
      limits: { modelRequestsPerMinute: null, modelTokensPerMinute: 600 },
    });
    expect(lastResult(messages)).toMatchObject({ subtype: 'success', result: 'word' });
    expect(messages).toContainEqual(
      expect.objectContaining({ type: 'system', subtype: 'api_retry', error_status: 429 }),
    );
  }, 60_000);
});

/** Uses the tool Bash for the first message, and answers everything else with a word. */
async function respond(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const body = (await json(req)) as Body;
  bodies.push(JSON.stringify(body));
  if (req.url?.includes('count_tokens') || req.url?.includes('count-tokens')) {
    res.writeHead(200, { 'content-type': 'application/json' }).end('{"input_tokens":5}');
    return;
  }
  const isDone = JSON.stringify(body.messages).includes('"tool_result"');
  const events = answer(body.model ?? 'claude', isDone ? null : LOOK);
  const isAmazon = req.url?.includes('response-stream');
  res.writeHead(200, {
    'content-type': isAmazon ? 'application/vnd.amazon.eventstream' : 'text/event-stream',
  });
  for (const event of events) {
    res.write(
      isAmazon ? amazonFrame(event) : `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`,
    );
  }
  res.end();
}

/** Runs one agent with these messages, in the sandbox. Returns its messages. */
async function run(options: BenchOptions, texts = ['hi'], settings = {}): Promise<SDKMessage[]> {
  const gateway = await bench.open(options);
  const home = join(root, 'home');
  const cwd = join(root, 'cwd');
  await Promise.all([home, cwd].map((folder) => mkdir(folder)));
  let next: (() => void) | undefined;
  async function* prompts(): AsyncGenerator<SDKUserMessage> {
    for (const content of texts) {
      const ended = new Promise<void>((resolve) => (next = resolve));
      yield { type: 'user', message: { role: 'user', content }, parent_tool_use_id: null };
      await ended;
    }
  }
  const messages: SDKMessage[] = [];
  const agent = query({
    prompt: prompts(),
    options: {
      cwd,
      settings,
      settingSources: [],
      canUseTool: async (_, input) => ({ behavior: 'allow', updatedInput: input }),
      env: {
        PATH: '/usr/bin:/bin',
        HOME: home,
        CLAUDE_CONFIG_DIR: home,
        TMPDIR: '/tmp',
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        ...gateway.environment,
      },
      spawnClaudeCodeProcess: ({ command, args, env }) => {
        const defined = Object.entries(env).filter(([, value]) => value !== undefined);
        const process = sandbox.start(
          { command, args, cwd, env: Object.fromEntries(defined) as Record<string, string> },
          {
            writable: [cwd, home],
            readOnly: [],
            hidden: [],
            sockets: [bench.socket],
            proxySocket: null,
            limits: { ...NO_LIMITS, tempBytes: 64 * 1024 ** 2 },
          },
        );
        return process;
      },
    },
  });
  for await (const message of agent) {
    messages.push(message);
    if (message.type === 'result') next?.();
  }
  return messages;
}

function lastResult(messages: SDKMessage[]): SDKMessage | undefined {
  return messages.findLast(({ type }) => type === 'result');
}

function login(): string {
  return join(root, 'login');
}

function answer(model: string, command: string | null): { type: string }[] {
  const usage = { input_tokens: 3, output_tokens: 1 };
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage,
  };
  const text = [
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'word' } },
  ];
  const partial_json = JSON.stringify({ command, description: 'look' });
  const tool = [
    {
      type: 'content_block_start',
      index: 0,
      content_block: { type: 'tool_use', id: 'toolu_1', name: 'Bash', input: {} },
    },
    { type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json } },
  ];
  const stop_reason = command === null ? 'end_turn' : 'tool_use';
  return [
    { type: 'message_start', message },
    ...(command === null ? text : tool),
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason, stop_sequence: null },
      usage: { output_tokens: outputOfEach },
    },
    { type: 'message_stop' },
  ] as { type: string }[];
}
