import { describe, expect, it } from '@jest/globals';
import { resolveOptions } from '../../src/agent-webkit/options/resolved-options.js';
import { OPTIONS } from '../../src/agent-webkit/options/option-table.js';
import { type Environment, SettingError } from '../../src/standalone/read-setting.js';
import { SERVER_SETTINGS } from '../../src/standalone/setting-table.js';
import { readSettings } from '../../src/standalone/settings.js';

const TOKEN = { AGENT_WEBKIT_TOKEN: 'ann:secret' };
const read = (env: Environment) => readSettings({ ...TOKEN, ...env });
const open = (env: Environment) => readSettings({ AGENT_WEBKIT_NO_AUTH: '1', ...env });

/** For each variable of an option: a value, and the option that is read from it. */
const SAMPLES: [variable: string, text: string, option: object][] = [
  ['AGENT_WEBKIT_MAX_AGENTS', '3', { agent: { maxAgents: 3 } }],
  ['AGENT_WEBKIT_MAX_CONTENT_BLOCKS', '4', { limits: { maxContentBlocks: 4 } }],
  ['AGENT_WEBKIT_MAX_CREATIONS_PER_MINUTE', '5', { limits: { maxCreationsPerMinute: 5 } }],
  ['AGENT_WEBKIT_MAX_EVENTS', '6', { retention: { maxEvents: 6 } }],
  ['AGENT_WEBKIT_MAX_IMAGE_BYTES', '7', { limits: { maxImageBytes: 7 } }],
  ['AGENT_WEBKIT_MAX_LOG_CHARS', '8', { retention: { maxLogChars: 8 } }],
  ['AGENT_WEBKIT_MAX_DECISIONS', '9', { retention: { maxDecisions: 9 } }],
  ['AGENT_WEBKIT_MAX_DECISION_CHARS', '7', { retention: { maxDecisionChars: 7 } }],
  ['AGENT_WEBKIT_MAX_QUEUED_MESSAGES', '9', { limits: { maxQueuedMessages: 9 } }],
  ['AGENT_WEBKIT_MAX_SESSIONS_PER_OWNER', '10', { limits: { maxSessionsPerOwner: 10 } }],
  ['AGENT_WEBKIT_MAX_SUBSCRIBERS', '11', { stream: { maxSubscribers: 11 } }],
  ['AGENT_WEBKIT_MAX_STREAMS_PER_CALLER', '3', { stream: { maxStreamsPerCaller: 3 } }],
  ['AGENT_WEBKIT_MAX_WAITING_BYTES', '12345', { stream: { maxWaitingBytes: 12345 } }],
  ['AGENT_WEBKIT_MAX_TEXT_LENGTH', '12', { limits: { maxTextLength: 12 } }],
  ['AGENT_WEBKIT_MAX_TURNS', '13', { agent: { maxTurns: 13 } }],
  [
    'AGENT_WEBKIT_DURABLE_TOOLS',
    'Bash, mcp__pay__*',
    { agent: { durableTools: ['Bash', 'mcp__pay__*'] } },
  ],
  ['AGENT_WEBKIT_HOLD_MS', '21', { timeouts: { holdMs: 21 } }],
  ['AGENT_WEBKIT_MODEL_REQUESTS_PER_MINUTE', '14', { agent: { modelRequestsPerMinute: 14 } }],
  ['AGENT_WEBKIT_MODEL_TOKENS_PER_MINUTE', '15', { agent: { modelTokensPerMinute: 15 } }],
  ['AGENT_WEBKIT_REQUEST_TIMEOUT_MS', '14', { timeouts: { requestTimeoutMs: 14 } }],
  ['AGENT_WEBKIT_MAX_EVENT_AGE_MS', '9999999999', { retention: { maxEventAgeMs: 9_999_999_999 } }],
  ['AGENT_WEBKIT_EMPTY_SESSION_TTL_MS', '7000', { retention: { emptySessionTtlMs: 7000 } }],
  ['AGENT_WEBKIT_USAGE_RETENTION_MS', '9000', { retention: { usageRetentionMs: 9000 } }],
  ['AGENT_WEBKIT_RETENTION_MS', '9999999999', { retention: { retentionMs: 9_999_999_999 } }],
  ['AGENT_WEBKIT_AGENT_START_TIMEOUT_MS', '16', { timeouts: { agentStartTimeoutMs: 16 } }],
  ['AGENT_WEBKIT_SHUTDOWN_DELAY_MS', '0', { timeouts: { shutdownDelayMs: 0 } }],
  ['AGENT_WEBKIT_DRAIN_TIMEOUT_MS', '25', { timeouts: { drainTimeoutMs: 25 } }],
  ['AGENT_WEBKIT_STORAGE_TIMEOUT_MS', '15', { timeouts: { storageTimeoutMs: 15 } }],
  ['AGENT_WEBKIT_VERIFY_INTERVAL_MS', '16', { stream: { verifyIntervalMs: 16 } }],
  ['AGENT_WEBKIT_IDLE_TIMEOUT_MS', '17', { timeouts: { idleTimeoutMs: 17 } }],
  ['AGENT_WEBKIT_BACKGROUND_TASK_TIMEOUT_MS', '19', { timeouts: { backgroundTaskTimeoutMs: 19 } }],
  ['AGENT_WEBKIT_BACKGROUND_GRACE_MS', '20', { timeouts: { backgroundGraceMs: 20 } }],
  ['AGENT_WEBKIT_KEEPALIVE_MS', '18', { stream: { keepAliveMs: 18 } }],
  ['AGENT_WEBKIT_MAX_BUDGET_USD', '0.25', { agent: { maxBudgetUsd: 0.25 } }],
  ['AGENT_WEBKIT_MAX_BUDGET_USD_PER_DAY', '2.5', { agent: { maxBudgetUsdPerDay: 2.5 } }],
  ['AGENT_WEBKIT_WARM_POOL', '0', { agent: { warmPool: 0 } }],
  ['AGENT_WEBKIT_WORKSPACE', '/', { workspace: { root: '/' } }],
  ['AGENT_WEBKIT_WORKSPACE_PER', 'owner', { workspace: { per: 'owner' } }],
  ['AGENT_WEBKIT_SANDBOX', 'required', { sandbox: { use: 'required' } }],
  [
    'AGENT_WEBKIT_ALLOWED_HOSTS',
    'example.org, *.example.net',
    { network: { allow: ['example.org', '*.example.net'] } },
  ],
  ['AGENT_WEBKIT_MODEL', 'opus', { agent: { model: 'opus' } }],
  ['AGENT_WEBKIT_COMMANDS', 'clear, mine', { agent: { commands: ['clear', 'mine'] } }],
  ['AGENT_WEBKIT_MODELS', ' haiku, opus ,', { agent: { models: ['haiku', 'opus'] } }],
  [
    'AGENT_WEBKIT_PERMISSION_MODES',
    'plan,default',
    { agent: { permissionModes: ['plan', 'default'] } },
  ],
  ['AGENT_WEBKIT_ALLOW_OUTPUT_FORMAT', '1', { agent: { allowOutputFormat: true } }],
  ['AGENT_WEBKIT_EFFORT_LEVELS', 'low,high', { agent: { effortLevels: ['low', 'high'] } }],
];

const SECRET = `whsec_${'A'.repeat(32)}`;
/** The variables of webhooks, which belong together. */
const WEBHOOKS = {
  AGENT_WEBKIT_WEBHOOK_URL: 'http://receiver/hook',
  AGENT_WEBKIT_WEBHOOK_SECRET: `${SECRET}, ${SECRET}`,
  AGENT_WEBKIT_WEBHOOK_EVENTS: 'turn.ended,session.failed',
  AGENT_WEBKIT_WEBHOOK_ALLOW_PRIVATE: '1',
};

describe('The settings of webhooks', () => {
  it('set the options of the group `notify`', () => {
    expect(read(WEBHOOKS).module.notify).toEqual({
      url: 'http://receiver/hook',
      secret: [SECRET, SECRET],
      events: ['turn.ended', 'session.failed'],
      allowPrivate: true,
    });
    expect(
      read({
        ...WEBHOOKS,
        AGENT_WEBKIT_WEBHOOK_ALLOW_PRIVATE: '',
        AGENT_WEBKIT_WEBHOOK_URL: 'https://a.b',
      }).module.notify,
    ).not.toHaveProperty('allowPrivate');
  });

  it('send nothing without a URL', () => {
    expect(read({ AGENT_WEBKIT_WEBHOOK_ALLOW_PRIVATE: '1' }).module).not.toHaveProperty('notify');
  });

  it.each([
    [{ AGENT_WEBKIT_WEBHOOK_URL: '' }, 'AGENT_WEBKIT_WEBHOOK_URL must be set while'],
    [{ AGENT_WEBKIT_WEBHOOK_SECRET: '' }, 'AGENT_WEBKIT_WEBHOOK_SECRET must be set while'],
    [
      { AGENT_WEBKIT_WEBHOOK_ALLOW_PRIVATE: '0' },
      'AGENT_WEBKIT_WEBHOOK_URL must begin with https://',
    ],
    [
      { AGENT_WEBKIT_WEBHOOK_ALLOW_PRIVATE: 'yes' },
      'AGENT_WEBKIT_WEBHOOK_ALLOW_PRIVATE must be 0 or 1',
    ],
    [{ AGENT_WEBKIT_WEBHOOK_EVENTS: 'all' }, 'AGENT_WEBKIT_WEBHOOK_EVENTS must be '],
    [{ AGENT_WEBKIT_WEBHOOK_URL: 'receiver' }, 'AGENT_WEBKIT_WEBHOOK_URL must be a URL'],
  ])('are rejected with %j', (changed, message) => {
    expect(() => read({ ...WEBHOOKS, ...changed })).toThrow(SettingError);
    expect(() => read({ ...WEBHOOKS, ...changed })).toThrow(message);
  });

  it('are rejected without their secrets', () => {
    const changed = { AGENT_WEBKIT_WEBHOOK_SECRET: 'whsec_s3cret' };
    expect(() => read({ ...WEBHOOKS, ...changed })).toThrow(/must be (?!.*s3cret)/);
  });
});

describe('The settings of the standalone server', () => {
  it.each(SAMPLES)('set the option of the module from %s=%s', (name, value, option) => {
    const { module } = read({ [name]: value });
    expect(module).toEqual({ auth: { tokens: ['ann:secret'] }, ...option });
    expect(() => resolveOptions(module)).not.toThrow();
    expect(read({ [name]: '' }).module).toEqual({ auth: { tokens: ['ann:secret'] } });
  });

  it.each([
    ['AGENT_WEBKIT_MAX_AGENTS', '0'],
    ['AGENT_WEBKIT_MAX_AGENTS', '-1'],
    ['AGENT_WEBKIT_MAX_AGENTS', 'many'],
    ['AGENT_WEBKIT_MAX_AGENTS', '1.5'],
    ['AGENT_WEBKIT_MAX_AGENTS', '1e3'],
    ['AGENT_WEBKIT_MAX_CREATIONS_PER_MINUTE', '99999999999999999999'],
    ['AGENT_WEBKIT_REQUEST_TIMEOUT_MS', '2147483648'],
    ['AGENT_WEBKIT_VERIFY_INTERVAL_MS', '0'],
    ['AGENT_WEBKIT_MAX_BUDGET_USD', '0'],
    ['AGENT_WEBKIT_MAX_BUDGET_USD', '-1'],
    ['AGENT_WEBKIT_MAX_BUDGET_USD', 'NaN'],
    ['AGENT_WEBKIT_MAX_BUDGET_USD', 'Infinity'],
    ['AGENT_WEBKIT_PERMISSION_MODES', 'default,root'],
    ['AGENT_WEBKIT_WORKSPACE', '/does/not/exist'],
    ['AGENT_WEBKIT_AGENT', 'gpt'],
    ['AGENT_WEBKIT_SANDBOX', 'docker'],
    ['AGENT_WEBKIT_WORKSPACE_PER', 'team'],
    ['AGENT_WEBKIT_ALLOWED_HOSTS', '10.0.0.1'],
    ['AGENT_WEBKIT_STORAGE', 'redis://x'],
    ['AGENT_WEBKIT_LOG', 'xml'],
    ['AGENT_WEBKIT_BUS', 'amqp://x'],
    ['AGENT_WEBKIT_BUS', 'redis:'],
    ['AGENT_WEBKIT_POSTGRES_LISTEN_URL', 'redis://x'],
    ['AGENT_WEBKIT_MAX_BODY', '10 apples'],
    ['PORT', '65536'],
  ])('reject %s=%s with its name', (name, value) => {
    expect(() => read({ [name]: value })).toThrow(SettingError);
    expect(() => read({ [name]: value })).toThrow(new RegExp(`^${name} must be `));
  });

  it.each([
    [
      { AGENT_WEBKIT_MAX_EVENTS: '1e3' },
      "AGENT_WEBKIT_MAX_EVENTS must be an integer of at least 1, but got '1e3'. " +
        'Correct it, or unset it for the default: 1000 events.',
    ],
    [
      { AGENT_WEBKIT_KEEPALIVE_MS: '15s' },
      "AGENT_WEBKIT_KEEPALIVE_MS must be an integer from 1 to 2147483647, but got '15s'. " +
        'Correct it, or unset it for the default: 15000 ms.',
    ],
    [
      { AGENT_WEBKIT_PERMISSION_MODES: 'root' },
      'AGENT_WEBKIT_PERMISSION_MODES must be a comma-separated list of default, acceptEdits, plan, ' +
        "dontAsk, auto, bypassPermissions, but got 'root'. Correct it, or unset it for the default: " +
        'every mode but `bypassPermissions`, beginning with `default`.',
    ],
    [
      { AGENT_WEBKIT_STORAGE: 'postgres:user:s3cret@host' },
      "AGENT_WEBKIT_STORAGE must be 'memory:', 'file:<path>' or 'postgres://...', but got " +
        "'postgres:…'. Correct it, or unset it for the default: memory:.",
    ],
    [
      { AGENT_WEBKIT_BUS: 'http:user:s3cret@host' },
      "AGENT_WEBKIT_BUS must be 'redis://...', 'rediss://...', 'postgres://...' or 'none', but got " +
        "'http:…'. Correct it, or unset it for the default: LISTEN and NOTIFY on a connection of the storage, " +
        'if that is PostgreSQL.',
    ],
    [
      { AGENT_WEBKIT_BUS: 'redis://:s3cret@host' },
      'AGENT_WEBKIT_BUS must be unset, because only servers with PostgreSQL share their storage. Unset it, ' +
        'or set AGENT_WEBKIT_STORAGE to postgres://....',
    ],
    [
      {
        AGENT_WEBKIT_STORAGE: 'postgres://x',
        AGENT_WEBKIT_BUS: 'none',
        AGENT_WEBKIT_POSTGRES_LISTEN_URL: 'postgres://y',
      },
      'AGENT_WEBKIT_POSTGRES_LISTEN_URL must be unset while AGENT_WEBKIT_BUS is set. Unset one of the two.',
    ],
    [
      { AGENT_WEBKIT_LEASE_MS: '999' },
      "AGENT_WEBKIT_LEASE_MS must be an integer from 1000 to 2147483647, but got '999'. " +
        'Correct it, or unset it for the default: 8000 ms.',
    ],
    [
      { PORT: '-1' },
      "PORT must be an integer from 0 to 65535, but got '-1'. " +
        'Correct it, or unset it for the default: 3000.',
    ],
  ])('report the rule, the received value and the correction: %j', (env, message) => {
    expect(() => read(env)).toThrow(new SettingError(message));
  });

  it.each([
    [{}, null],
    [{ AGENT_WEBKIT_BUS: 'none' }, 'none'],
    [{ AGENT_WEBKIT_BUS: 'redis://host' }, 'redis://host'],
    [{ AGENT_WEBKIT_BUS: 'rediss://:secret@host:1' }, 'rediss://:secret@host:1'],
    [{ AGENT_WEBKIT_POSTGRES_LISTEN_URL: 'postgres://direct' }, 'postgres://direct'],
  ])('choose the bus of servers with PostgreSQL: %j', (env, bus) => {
    expect(read({ ...env, AGENT_WEBKIT_STORAGE: 'postgres://x' })).toMatchObject({ bus });
  });

  it.each([
    [{ AGENT_WEBKIT_METRICS_TOKEN: 'm' }, { token: 'm', own: null }],
    [
      { AGENT_WEBKIT_METRICS_PORT: '9464' },
      { token: null, own: { host: '127.0.0.1', port: 9464 } },
    ],
    [
      {
        AGENT_WEBKIT_METRICS_TOKEN: 'm',
        AGENT_WEBKIT_METRICS_PORT: '0',
        AGENT_WEBKIT_METRICS_HOST: '0.0.0.0',
      },
      { token: 'm', own: { host: '0.0.0.0', port: 0 } },
    ],
  ])('choose how the metrics are served: %j', (env, metrics) => {
    expect(read(env)).toMatchObject({ metrics });
  });

  it.each([
    [{ AGENT_WEBKIT_METRICS_TOKEN: ' ' }, 'AGENT_WEBKIT_METRICS_TOKEN must not be empty. Set'],
    [{ AGENT_WEBKIT_METRICS_TOKEN: 'my passphrase' }, 'AGENT_WEBKIT_METRICS_TOKEN must be a token'],
    [{ AGENT_WEBKIT_METRICS_PORT: 'x' }, 'AGENT_WEBKIT_METRICS_PORT must be an integer'],
    [{ AGENT_WEBKIT_METRICS_HOST: '::1' }, 'AGENT_WEBKIT_METRICS_HOST must be unset while'],
    [
      { AGENT_WEBKIT_METRICS_PORT: '9464', AGENT_WEBKIT_METRICS_HOST: '0.0.0.0' },
      'AGENT_WEBKIT_METRICS_HOST must be a loopback address without AGENT_WEBKIT_METRICS_TOKEN',
    ],
  ])('do not serve the metrics to everyone by accident: %j', (env, message) => {
    expect(() => read(env)).toThrow(SettingError);
    expect(() => read(env)).toThrow(message);
    expect(() => read(env)).not.toThrow(/passphrase/);
  });

  it.each([
    [{ AGENT_WEBKIT_ADMIN_TOKEN: 'o' }, ['o']],
    [{ AGENT_WEBKIT_ADMIN_TOKEN: 'ops:o,eve:e', AGENT_WEBKIT_TOKEN: 'ann:a' }, ['ops:o', 'eve:e']],
  ])('have tokens of operators: %j', (env, adminTokens) => {
    expect(read(env)).toMatchObject({ adminTokens });
  });

  it.each([
    [{ AGENT_WEBKIT_ADMIN_TOKEN: '' }, 'AGENT_WEBKIT_ADMIN_TOKEN must not be empty. Set'],
    [{ AGENT_WEBKIT_ADMIN_TOKEN: 'ops:o,' }, 'AGENT_WEBKIT_ADMIN_TOKEN must be a comma-separated'],
    [
      { AGENT_WEBKIT_ADMIN_TOKEN: 'ops:secret', AGENT_WEBKIT_TOKEN: 'ann:secret' },
      'AGENT_WEBKIT_ADMIN_TOKEN must not contain a token of AGENT_WEBKIT_TOKEN or AGENT_WEBKIT_METRICS_TOKEN.',
    ],
    [
      { AGENT_WEBKIT_ADMIN_TOKEN: 'ops:secret', AGENT_WEBKIT_METRICS_TOKEN: 'secret' },
      'AGENT_WEBKIT_ADMIN_TOKEN must not contain a token of',
    ],
  ])('make no operator by accident: %j', (env, message) => {
    expect(() => read(env)).toThrow(SettingError);
    expect(() => read(env)).toThrow(message);
    expect(() => read(env)).not.toThrow(/secret/);
  });

  it('have defaults', () => {
    expect(read({})).toMatchObject({
      host: '127.0.0.1',
      port: 3000,
      agent: 'demo',
      storage: 'memory:',
      bus: null,
      storageOpenTimeoutMs: 60_000,
      leaseMs: 8000,
      poolMode: 'session',
      maxBody: '10mb',
      log: 'text',
      corsOrigin: null,
      metrics: null,
      adminTokens: null,
      warnings: [],
    });
  });

  it('include every variable of the table of options', () => {
    const variables = OPTIONS.flatMap(({ descriptor }) => descriptor.variable ?? []);
    const sampled = SAMPLES.map(([name]) => name);
    const byServer = [
      'AGENT_WEBKIT_TOKEN',
      'AGENT_WEBKIT_STORAGE',
      'AGENT_WEBKIT_BUS',
      'AGENT_WEBKIT_AGENT',
      ...Object.keys(WEBHOOKS),
    ];
    expect(new Set([...sampled, ...byServer])).toEqual(new Set(variables));
  });

  it('have a variable of their own, which sets no option as well', () => {
    const optionVariables = SAMPLES.map(([name]) => name);
    expect(Object.keys(SERVER_SETTINGS).filter((name) => optionVariables.includes(name))).toEqual(
      [],
    );
  });

  it.each([
    ['*', '*'],
    ['https://a.example, https://b.example', ['https://a.example', 'https://b.example']],
    [' , ', null],
  ])('read the CORS origins %j', (text, origins) => {
    expect(read({ AGENT_WEBKIT_CORS_ORIGIN: text }).corsOrigin).toEqual(origins);
  });

  it('warn of a variable that does not exist, with the nearest one', () => {
    const { warnings } = read({
      AGENT_WEBKIT_MAX_AGENT: '3',
      AGENT_WEBKIT_TELEMETRY: 'on',
      AGENT_WEBKIT_STORAGES: '',
      OTHER: 'x',
      // An agent that starts a server passes on the variable that marks its own processes.
      AGENT_WEBKIT_PROCESS: 'a-mark',
    });
    expect(warnings).toEqual([
      'Unknown variable AGENT_WEBKIT_MAX_AGENT is ignored. Did you mean AGENT_WEBKIT_MAX_AGENTS?',
      'Unknown variable AGENT_WEBKIT_TELEMETRY is ignored.',
      'Unknown variable AGENT_WEBKIT_STORAGES is ignored. Did you mean AGENT_WEBKIT_STORAGE?',
    ]);
  });
});

describe('Authentication of the standalone server', () => {
  it('can be switched off only on a loopback address', () => {
    for (const HOST of ['127.0.0.1', '127.1.2.3', 'localhost', '::1', '']) {
      expect(open({ HOST }).module.auth).toBe('none');
    }
    const elsewhere = ['0.0.0.0', '::', '192.168.1.5', '10.0.0.1', 'example.com', '[::1]', '*'];
    const alike = [
      '127.0.0.1.example.com',
      'localhost.example.com',
      '1127.0.0.1',
      '::ffff:1.2.3.4',
    ];
    for (const HOST of [...elsewhere, ...alike]) {
      expect(() => open({ HOST })).toThrow(/^HOST must be a loopback address/);
      expect(read({ HOST }).host).toBe(HOST);
      const { generatedToken, module } = readSettings({ HOST });
      expect(module.auth).toEqual({ tokens: [`default:${generatedToken}`] });
    }
  });

  it('accepts tokens with an owner, without one, and with colons in them', () => {
    const { module } = readSettings({ AGENT_WEBKIT_TOKEN: 'ann:secret, plain ,bob:a:b' });
    expect(module.auth).toEqual({ tokens: ['ann:secret', 'plain', 'bob:a:b'] });
    expect(() => resolveOptions(module)).not.toThrow();
  });

  const secret = 'another value, which is not shown because it may be a secret';
  it.each([
    [',', 'an empty text as token 1 of 2'],
    ['a,,b', 'an empty text as token 2 of 3'],
    ['ann:', 'an owner without a token as token 1 of 1'],
    [':secret', secret],
    ['two words', secret],
    ['ann: secret', secret],
    ['ann b:secret', secret],
  ])('rejects AGENT_WEBKIT_TOKEN=%s without showing it', (token, shown) => {
    expect(() => readSettings({ AGENT_WEBKIT_TOKEN: token })).toThrow(
      new SettingError(
        'AGENT_WEBKIT_TOKEN must be a comma-separated list of tokens, each token or owner:token, ' +
          `but got ${shown}. ` +
          'Correct it, or unset it for the default: a token generated for this run, and printed.',
      ),
    );
  });

  it.each(['', '  '])('rejects an empty AGENT_WEBKIT_TOKEN by its name: %j', (token) => {
    expect(() => readSettings({ AGENT_WEBKIT_TOKEN: token })).toThrow(
      'AGENT_WEBKIT_TOKEN must not be empty. Set a token, or unset the variable for the default: ' +
        'a token generated for this run, and printed.',
    );
  });

  it('must be configured in production, in exactly one way', () => {
    expect(() => readSettings({ NODE_ENV: 'production' })).toThrow(/^AGENT_WEBKIT_TOKEN must be/);
    expect(() => read({ AGENT_WEBKIT_NO_AUTH: '1' })).toThrow(/^AGENT_WEBKIT_NO_AUTH must be/);
    expect(() => open({ AGENT_WEBKIT_NO_AUTH: 'yes' })).toThrow(/^AGENT_WEBKIT_NO_AUTH must be/);
    expect(read({ NODE_ENV: 'production' }).generatedToken).toBeNull();
  });

  it('generates a new token at each start when none is configured', () => {
    const tokens = [1, 2].map(() => readSettings({}).generatedToken);
    expect(tokens[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(tokens[0]).not.toBe(tokens[1]);
  });
});
