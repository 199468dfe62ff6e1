import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { AgentWebkitModuleOptions } from '../../src/agent-webkit/options/agent-webkit.options.js';
import { OPTIONS } from '../../src/agent-webkit/options/option-table.js';
import { resolveOptions } from '../../src/agent-webkit/options/resolved-options.js';
import { InProcessBus } from '../../src/agent-webkit/bus/in-process-bus.js';
import { MemoryStorage } from '../../src/agent-webkit/storage/memory/memory-storage.js';

/** Options that a host written in JavaScript may pass. */
const resolve = (options: unknown) => resolveOptions(options as AgentWebkitModuleOptions);

/** Returns options with one value at a path such as `limits.maxEvents`. */
const optionAt = (path: string, value: unknown): object =>
  path.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as object;

const GROUPS = [
  'modelLimits',
  'policy',
  'registry',
  'limits',
  'contentLimits',
  'workspace',
  'sandbox',
  'network',
  'notify',
  'telemetry',
];

/** Returns the value of the first property with this name, at any depth. */
function findValue(within: object, name: string): unknown {
  for (const [key, value] of Object.entries(within)) {
    if (key === name) return value;
    const found =
      typeof value === 'object' && GROUPS.includes(key) ? findValue(value, name) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

const fn = () => undefined;
/** A value for each option that is not a number, or that has a minimum above 7. */
const SAMPLES: Record<string, unknown> = {
  auth: { tokens: ['ann:secret'] },
  storage: new MemoryStorage(),
  bus: new InProcessBus(),
  'agent.sdkFactory': fn,
  'agent.model': 'a-model',
  'agent.models': ['a-model'],
  'agent.commands': ['clear'],
  'agent.allowOutputFormat': true,
  'agent.durableTools': ['Bash', 'mcp__payments__*'],
  'agent.permissionModes': ['plan'],
  'agent.effortLevels': ['low'],
  'agent.includePartialMessages': true,
  'workspace.root': tmpdir(),
  'workspace.per': 'owner',
  'workspace.autoMemory': 'owner',
  'sandbox.use': 'none',
  'sandbox.readOnly': ['/opt'],
  'sandbox.memoryBytes': 600_000_000,
  'sandbox.processes': 100,
  'sandbox.cpuSeconds': 60,
  'sandbox.fileBytes': 20_000_000,
  'sandbox.tempBytes': 2_000_000,
  'network.allow': ['example.org'],
  'notify.url': 'https://example.org/hook',
  'notify.secret': `whsec_${'A'.repeat(32)}`,
  'notify.events': ['turn.ended'],
  'notify.allowPrivate': true,
  'notify.deliver': fn,
  'requests.expiry': { Bash: { afterMs: 7, decision: 'deny' } },
  'requests.approvals': { Bash: { required: 2 } },
  'requests.escalation': { Bash: { afterMs: 7, to: fn } },
  'telemetry.metrics': false,
  'hooks.caller': fn,
  'hooks.canAccess': fn,
  'hooks.configureSession': fn,
  'hooks.canAnswer': fn,
  'hooks.onDecision': fn,
};

describe('Resolving the options', () => {
  it('fills in the default of every option that is left out', () => {
    expect(resolve({ auth: 'none' })).toEqual({
      auth: 'none',
      storage: null,
      bus: null,
      agentStartTimeoutMs: 60_000,
      caller: expect.any(Function),
      sdkFactory: null,
      keepAliveMs: 15_000,
      verifyIntervalMs: 60_000,
      maxWaitingBytes: 4_194_304,
      workspace: {
        root: join(process.cwd(), 'workspace'),
        createRoot: true,
        per: 'session',
        autoMemory: 'off',
        quotaBytes: 1_073_741_824,
      },
      sandbox: {
        use: 'auto',
        readOnly: [],
        memoryBytes: 4_294_967_296,
        processes: 512,
        cpus: null,
        cpuSeconds: 3600,
        fileBytes: 1_073_741_824,
        tempBytes: 268_435_456,
      },
      network: { allow: [] },
      notify: {
        url: null,
        secret: null,
        events: [
          'request.opened',
          'request.escalated',
          'request.resolved',
          'turn.ended',
          'session.failed',
        ],
        allowPrivate: false,
        deliver: null,
      },
      telemetry: { metrics: true },
      modelLimits: { modelRequestsPerMinute: 300, modelTokensPerMinute: null },
      policy: {
        model: null,
        models: null,
        commands: ['clear', 'compact', 'context', 'cost'],
        permissionModes: ['default', 'acceptEdits', 'plan', 'dontAsk', 'auto'],
        allowOutputFormat: false,
        effortLevels: ['low', 'medium', 'high', 'xhigh', 'max'],
        includePartialMessages: false,
        maxTurns: null,
        maxBudgetUsd: null,
        contentLimits: {
          maxContentBlocks: 100,
          maxTextLength: 1_000_000,
          maxImageBytes: 5_242_880,
        },
        configureSession: null,
      },
      registry: {
        commands: ['clear', 'compact', 'context', 'cost'],
        permissionModes: ['default', 'acceptEdits', 'plan', 'dontAsk', 'auto'],
        limits: {
          maxEvents: 1000,
          maxLogChars: 16_777_216,
          maxDecisions: 1000,
          maxDecisionChars: 4_194_304,
          maxEventAgeMs: null,
          maxQueuedMessages: 128,
          maxSubscribers: 1000,
          idleTimeoutMs: 300_000,
          requestTimeoutMs: null,
          holdMs: 60_000,
          backgroundTaskTimeoutMs: 3_600_000,
          interruptTimeoutMs: 10_000,
          agentGraceMs: 2000,
          storageTimeoutMs: 5000,
        },
        maxAgents: expect.any(Number),
        warmPool: 0,
        maxStreamsPerCaller: 100,
        maxSessionsPerOwner: 1000,
        maxCreationsPerMinute: 60,
        retentionMs: null,
        emptySessionTtlMs: 86_400_000,
        usageRetentionMs: 34_560_000_000,
        maxBudgetUsdPerDay: null,
        shutdownDelayMs: 3000,
        drainTimeoutMs: 30_000,
        shutdownGraceMs: 300,
        backgroundGraceMs: 300_000,
        canAccess: null,
        canAnswer: null,
        expiry: {},
        approvals: {},
        escalation: {},
        durableTools: [],
        onDecision: expect.any(Function),
      },
    });
  });

  it.each(OPTIONS.map(({ path, name }) => [path, name]))(
    'passes %s to the part that uses it',
    (path, name) => {
      const value = SAMPLES[path] ?? 7;
      expect(findValue(resolve(optionAt(path, value)), name)).toBe(value);
    },
  );

  it('treats undefined as an option that is left out', () => {
    const { keepAliveMs } = resolve({ stream: { keepAliveMs: undefined }, limits: undefined });
    expect(keepAliveMs).toBe(15_000);
  });

  it('accepts a function in the place of the group `notify`', () => {
    expect(resolve({ notify: fn }).notify).toMatchObject({ deliver: fn, url: null });
  });

  it('accepts null when it is a value of the option', () => {
    const { keepAliveMs, registry } = resolve({
      stream: { keepAliveMs: null },
      timeouts: { idleTimeoutMs: null },
    });
    expect([keepAliveMs, registry.limits.idleTimeoutMs]).toEqual([null, null]);
  });
});

describe('An invalid option', () => {
  it.each([
    ['workspace.root', '/does/not/exist'],
    ['workspace.root', '/etc/passwd'],
    ['workspace.root', 7],
    ['workspace.per', 'team'],
    ['sandbox.use', 'docker'],
    ['sandbox.use', { name: 'mine' }],
    ['sandbox.readOnly', ['opt']],
    // Lower limits would end every agent at its start.
    ['sandbox.memoryBytes', 512 * 1024 ** 2 - 1],
    ['sandbox.processes', 63],
    ['sandbox.cpus', 0],
    ['sandbox.cpuSeconds', 9],
    ['sandbox.fileBytes', 16 * 1024 ** 2 - 1],
    ['sandbox.tempBytes', 1024 ** 2 - 1],
    ['telemetry.metrics', {}],
    ['network.allow', ['127.0.0.1']],
    ['network.allow', ['*']],
    ['network.allow', ['https://example.org']],
    ['notify.url', 'example.org'],
    ['notify.url', 'ftp://example.org'],
    ['notify.url', 'https://user:password@example.org'],
    ['notify.secret', 'secret'],
    ['notify.secret', `whsec_${'A'.repeat(28)}`],
    ['notify.secret', `whsec_${'A'.repeat(88)}`],
    ['notify.secret', []],
    ['notify.events', ['turn.started']],
    ['notify.events', []],
    ['notify.allowPrivate', 1],
    ['notify.deliver', 'https://example.org'],
    ['agent.model', ''],
    ['agent.model', 5],
    ['agent.models', []],
    ['agent.models', ['']],
    ['agent.commands', ['/clear']],
    ['agent.durableTools', 'Bash'],
    ['agent.durableTools', ['a b']],
    ['timeouts.holdMs', 0],
    ['agent.commands', 'clear'],
    ['agent.permissionModes', []],
    ['agent.permissionModes', ['root']],
    ['agent.permissionModes', 'default'],
    ['agent.effortLevels', ['most']],
    ['agent.effortLevels', null],
    ['agent.includePartialMessages', 'yes'],
    ['agent.maxBudgetUsd', 0],
    ['agent.maxBudgetUsdPerDay', 0],
    ['agent.maxBudgetUsd', Number.NaN],
    ['agent.maxTurns', 0],
    ['agent.modelRequestsPerMinute', 0],
    ['agent.modelTokensPerMinute', 1.5],
    ['agent.warmPool', -1],
    ['agent.sdkFactory', {}],
    ['hooks.caller', 'ann'],
    ['hooks.canAnswer', 'all'],
    ['hooks.onDecision', null],
    ['storage', {}],
    ['storage', 'memory:'],
    ['retention.maxEvents', 0],
    ['retention.maxEvents', 1.5],
    ['retention.maxEvents', '1000'],
    ['retention.maxEvents', null],
    ['retention.maxLogChars', -1],
    ['retention.maxDecisions', 0],
    ['requests.approvals', []],
    ['requests.escalation', []],
    ['requests.expiry', []],
    ['requests.expiry', 'Bash'],
    ['retention.maxDecisionChars', null],
    ['retention.maxEventAgeMs', 0],
    ['limits.maxQueuedMessages', Number.NaN],
    ['limits.maxSessionsPerOwner', Number.POSITIVE_INFINITY],
    ['timeouts.idleTimeoutMs', 0],
    ['timeouts.idleTimeoutMs', 2 ** 31],
    ['timeouts.interruptTimeoutMs', 0],
    ['timeouts.agentGraceMs', -5],
    ['timeouts.shutdownDelayMs', -1],
    ['timeouts.drainTimeoutMs', 0],
    ['timeouts.shutdownGraceMs', 0.5],
    ['stream.keepAliveMs', 0],
    ['stream.keepAliveMs', '15s'],
    ['auth', null],
    ['auth', 'all'],
    ['auth', ''],
    ['auth', {}],
    ['auth', true],
    ['auth', { verify: 'yes' }],
    ['auth', { tokens: ['t'], verify: () => null }],
    ['auth', { tokens: [] }],
    ['auth', { tokens: 'secret' }],
    ['auth', { tokens: [''] }],
    ['auth', { tokens: ['a', undefined] }],
    ['auth', { tokens: ['ann:'] }],
    ['auth', { tokens: ['with space'] }],
    ['auth', { tokens: ['ann :secret'] }],
  ])('is rejected by its path when %s is %p', (path, value) => {
    expect(() => resolve(optionAt(path, value))).toThrow(`option '${path}' must be `);
  });

  it.each([
    [
      { limits: { maxQueuedMessages: -1 } },
      "option 'limits.maxQueuedMessages' must be an integer of at least 1, but got -1. " +
        'Correct it, or leave it out for the default: 128 messages.',
    ],
    [
      { timeouts: { idleTimeoutMs: '5m' } },
      "option 'timeouts.idleTimeoutMs' must be an integer from 1 to 2147483647, or null, but got '5m'. " +
        'Correct it, or leave it out for the default: 300000 ms.',
    ],
    [
      { agent: { permissionModes: ['root'] } },
      "option 'agent.permissionModes' must be a non-empty list of default, acceptEdits, plan, dontAsk, " +
        'auto, bypassPermissions, but got ["root"]. Correct it, or leave it out for the default: ' +
        'every mode but `bypassPermissions`, beginning with `default`.',
    ],
  ])('is reported with the rule, the received value and the correction: %j', (options, message) => {
    expect(() => resolve(options)).toThrow(new TypeError(`nestjs-agent-webkit: ${message}`));
  });

  it.each<[string, unknown, string]>([
    [
      'approvals',
      { Bash: { required: 1 } },
      "['Bash'].required' must be an integer from 2 to 10, but got 1",
    ],
    [
      'approvals',
      { Bash: { required: 11 } },
      "['Bash'].required' must be an integer from 2 to 10, but got 11",
    ],
    [
      'approvals',
      { Bash: { required: 2, exceptOwner: 'yes' } },
      "['Bash'].exceptOwner' must be true or false, but got 'yes'",
    ],
    [
      'approvals',
      { Read: { required: 2 }, Bash: {} },
      "['Bash'].required' must be an integer from 2 to 10, but got undefined",
    ],
    [
      'escalation',
      { Bash: { afterMs: 0, to: fn } },
      "['Bash'].afterMs' must be an integer from 1 to 2147483647, but got 0",
    ],
    [
      'escalation',
      { Bash: { afterMs: 1, to: 'ann' } },
      "['Bash'].to' must be a function, but got 'ann'",
    ],
    ['escalation', { Bash: { afterMs: 1 } }, "['Bash'].to' must be a function, but got undefined"],
    [
      'escalation',
      { Bash: { afterMs: 1, to: fn, more: 1 } },
      "['Bash'].more' must be left out: an entry has only afterMs, to, but got 1",
    ],
    [
      'escalation',
      { '': { afterMs: 1, to: fn } },
      "['']' must be under the name of a tool, but got ",
    ],
    ['expiry', { Bash: 1 }, "['Bash']' must be an object, but got 1"],
    ['expiry', { Bash: { afterMs: 0, decision: 'deny' } }, "['Bash'].afterMs' must be "],
    [
      'expiry',
      { Bash: { afterMs: 1, decision: 'maybe' } },
      "['Bash'].decision' must be one of allow, deny, but got 'maybe'",
    ],
    [
      'expiry',
      { Bash: { afterMs: 1, decision: 'deny', more: 1 } },
      "['Bash'].more' must be left out",
    ],
    ['expiry', { '': { afterMs: 1, decision: 'deny' } }, "['']' must be "],
  ])('names the tool and the field of requests.%s that is wrong: %j', (name, value, message) => {
    const report = () => resolve(optionAt(`requests.${name}`, value));
    expect(report).toThrow(`option 'requests.${name}${message}`);
    expect(report).toThrow(`Correct it, or leave 'requests.${name}' out for the default`);
  });

  it('does not advise to leave out a secret that a URL requires', () => {
    const notify = { url: 'https://example.org', secret: 'short' };
    expect(() => resolve({ notify })).toThrow(/option 'notify.secret' must be .*\. Correct it\.$/);
  });

  it.each([
    { auth: 's3cret' },
    { auth: { token: 's3cret' } },
    { auth: { tokens: 's3cret' } },
    { auth: { tokens: ['s3cret', ''] } },
    { storage: 'postgres://user:s3cret@host/db' },
    { notify: { secret: 's3cret' } },
    { notify: { url: 'https://user:s3cret@example.org' } },
    { workspace: { root: { password: 's3cret' } } },
    { agent: { models: [{ password: 's3cret' }] } },
  ])('is reported without its secret: %j', (options) => {
    expect(() => resolve(options)).toThrow(/must be (?!.*s3cret)/);
  });

  it.each([
    [[''], 'an empty text as token 1 of 1'],
    [['ann:secret', undefined], 'undefined as token 2 of 2'],
    [['ann:'], 'an owner without a token as token 1 of 1'],
    [[], 'an empty list of tokens'],
  ])('names the token that is missing: %j', (tokens, shown) => {
    expect(() => resolve({ auth: { tokens } as never })).toThrow(
      new TypeError(
        "nestjs-agent-webkit: option 'auth' must be { tokens: ['owner:token' or 'token', ...] }, " +
          `{ verify: a function } or 'none', but got ${shown}. Correct it.`,
      ),
    );
  });

  it('is reported with the beginning of a long value', () => {
    const message = /but got 'x{99}…\./;
    expect(() => resolve({ timeouts: { agentGraceMs: 'x'.repeat(5000) } })).toThrow(message);
  });
});

describe('An unknown option', () => {
  it.each([
    [{ maxAgents: 1 }, "Unknown option 'maxAgents'. Did you mean 'agent.maxAgents'?"],
    [{ maxAgent: 1 }, "Unknown option 'maxAgent'. Did you mean 'agent.maxAgents'?"],
    [{ limit: {} }, "Unknown option 'limit'. Did you mean 'limits'?"],
    [
      { limits: { maxEvents: 1 } },
      "Unknown option 'limits.maxEvents'. Did you mean 'retention.maxEvents'?",
    ],
    [{ agent: { modle: 'x' } }, "Unknown option 'agent.modle'. Did you mean 'agent.model'?"],
    [{ agent: { storage: {} } }, "Unknown option 'agent.storage'. Did you mean 'storage'?"],
    [
      { tracing: true },
      "Unknown option 'tracing'. Remove it, or see the table of options in the documentation.",
    ],
    [
      { isGlobal: true },
      "'isGlobal' is not an option. Pass it to forRootAsync() itself, beside useFactory or useClass.",
    ],
    [{ limits: 5 }, "The group 'limits' must be an object of options, but got 5."],
    [{ agent: [] }, "The group 'agent' must be an object of options, but got []."],
    [undefined, 'The options must be an object, but got undefined.'],
  ])('is rejected by its name: %j', (options, message) => {
    expect(() => resolve(options)).toThrow(new TypeError(`nestjs-agent-webkit: ${message}`));
  });

  it.each(['toString', 'constructor', '__proto__'])(
    'may have the name of a property of every object: %s',
    (name) => {
      const options = JSON.parse(`{"${name}": 1, "limits": {"${name}": 1}}`) as object;
      expect(() => resolve(options)).toThrow(`Unknown option '${name}'`);
    },
  );
});
