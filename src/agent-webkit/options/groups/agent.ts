import { totalmem } from 'node:os';
import type { EffortLevel, PermissionMode, SdkFactory } from '../../engine/agent-client.js';
import type { DurableTools } from '../../engine/durable-tools.js';
import { EFFORT_LEVELS, PERMISSION_MODES } from '../../protocol/inbound.js';
import type { Descriptors } from '../descriptor.js';
import {
  amount,
  count,
  flag,
  flagOfText,
  functionOf,
  integer,
  listOf,
  listOrNoneOf,
  nonEmptyString,
  oneOf,
  orFunction,
  orNull,
  textLike,
} from '../rules.js';

/** The agents: how they start, what they may do, and how many run. */
export interface AgentOptions {
  /**
   * Starts the agent of a session.
   *
   * @default `claudeSdkFactory()`: the Claude Agent SDK
   */
  readonly sdkFactory?: SdkFactory;

  /**
   * The model of a session whose client requests none. Null selects the agent's own default.
   *
   * @default null
   */
  readonly model?: string | null;

  /**
   * The models a client may request. Another model is rejected with 403. Null allows all. The
   * default model need not be listed. Sub-agents use no other models either.
   *
   * @default null
   */
  readonly models?: readonly string[] | null;

  /**
   * The slash commands a client may send, without the slash. Another command is rejected with 403.
   * Null allows all. To permit custom commands, skills and commands of plugins, name them. No text
   * other than a permitted command is run as a command, and no `@path` in it is expanded.
   *
   * @default `clear`, `compact`, `context`, `cost`, which change nothing outside the session
   */
  readonly commands?: readonly string[] | null;

  /**
   * The permission modes a client may request. Another mode is rejected with 403. The first is the
   * mode of a new session. An agent that changes to another mode by itself is set back.
   *
   * @default every mode but `bypassPermissions`, beginning with `default`
   */
  readonly permissionModes?: readonly PermissionMode[];

  /**
   * The effort levels a client may request by `set_effort`. Another level is rejected with 403. A higher level
   * costs more. The default of the agent need not be listed.
   *
   * @default every level: `low`, `medium`, `high`, `xhigh`, `max`
   */
  readonly effortLevels?: readonly EffortLevel[];

  /**
   * True when a client may send a JSON Schema with a message, as `output_format`: the last answer of its turn is then
   * a value of that schema. Otherwise such a message is rejected with 403. A format that differs from that of the
   * turn before starts the agent anew. `configureSession` can return a format for a session in any case.
   *
   * @default false
   */
  readonly allowOutputFormat?: boolean;

  /**
   * The tools whose calls always need a person, also where the agent's own rules permit them, and whose requests
   * stay open until they are answered: without an agent, over restarts, on any server. Names, in which `*` stands
   * for any text, such as `Bash`, `mcp__payments__*` and `AskUserQuestion`, or a function of a call's tool and
   * input. `configureSession` can return other names for one session.
   *
   * @default none: a request ends with its agent
   */
  readonly durableTools?: DurableTools;

  /**
   * True to stream text as it is generated (`message_delta`) where a client does not choose.
   *
   * @default false
   */
  readonly includePartialMessages?: boolean;

  /**
   * The SDK's option `maxTurns`: the maximum number of API round trips of the agent before it
   * stops with an error `result`. Null for no limit.
   *
   * @default null
   */
  readonly maxTurns?: number | null;

  /**
   * Maximum cost of a session, in US dollars, over all of its agents. The turn that reaches it ends
   * with a `result` whose subtype is `error_max_budget_usd`, and so does every later turn, without
   * an agent. The last answer of the model may cost more than what was left. Null for no limit.
   *
   * @default null
   */
  readonly maxBudgetUsd?: number | null;

  /**
   * Maximum cost of all sessions of an owner in a UTC day, in US dollars, over all servers that share the
   * storage. Beyond it, messages are rejected with 429 `daily_budget_exhausted` until the next day, and queued
   * messages end as at the end of `maxBudgetUsd`. A turn may spend what was left at its start. Null for no limit.
   *
   * @default null
   */
  readonly maxBudgetUsdPerDay?: number | null;

  /**
   * Maximum number of requests of one session to the model, in a minute, over all of its agents on this
   * server. It bounds a program that the agent starts, and that calls the model behind the agent's back; no
   * agent reaches it by its own work. Beyond it, a request is answered with 429, and the agent waits. Only for
   * agents in a sandbox. Null for no limit.
   *
   * @default 300
   */
  readonly modelRequestsPerMinute?: number | null;

  /**
   * Maximum number of tokens of one session, in a minute, over all of its agents on this server: input that
   * the model does not read from its cache, and output. Beyond it, a request is answered with 429, and the
   * agent waits, or ends its turn if that would take long. Only for agents in a sandbox. Null for no limit.
   *
   * @default null
   */
  readonly modelTokensPerMinute?: number | null;

  /**
   * Maximum number of agents that run on this server. To start another one, the agent that has been
   * idle for longest is stopped. When all are active, the message is rejected with 503
   * `agents_busy`.
   *
   * @default one for each 300 MB of the machine's memory, at least 4
   */
  readonly maxAgents?: number;

  /**
   * Number of agents started ahead with the default configuration, so that a new session's first
   * answer does not wait for a start. Each takes the memory of an agent and counts towards
   * `maxAgents`. They are stopped when no session is created for ten minutes, and started again
   * with the next one. Leave it at 0 for an `sdkFactory` that depends on the session's owner.
   *
   * @default 0
   */
  readonly warmPool?: number;
}

/** The memory of an agent's process, with a reserve for the server's share. */
const AGENT_BYTES = 300_000_000;

/** The name of a slash command, also of a plugin or an MCP server. */
const commandName = textLike('the name of a command without the slash', /^[^\s/]+$/);

/** The name of a tool, or a pattern of names. */
const toolName = textLike('the name of a tool', /^[\w*:.-]{1,200}$/);

export const AGENT = {
  sdkFactory: {
    rule: functionOf<SdkFactory>(),
    default: null,
    defaultText: '`claudeSdkFactory()`: the Claude Agent SDK',
    variable: 'AGENT_WEBKIT_AGENT',
    effect: 'Starts the agent of a session.',
  },
  model: {
    rule: orNull(nonEmptyString),
    default: null,
    variable: 'AGENT_WEBKIT_MODEL',
    effect:
      "The model of a session whose client requests none. Null selects the agent's own default.",
  },
  models: {
    rule: orNull(listOf('model names', nonEmptyString)),
    default: null,
    variable: 'AGENT_WEBKIT_MODELS',
    effect:
      'The models a client may request; another one is rejected with 403, and sub-agents use no other. Null allows all. The default model need not be listed.',
  },
  commands: {
    rule: orNull(listOrNoneOf('command names without the slash', commandName)),
    computeDefault: () => ['clear', 'compact', 'context', 'cost'],
    defaultText: '`clear`, `compact`, `context`, `cost`, which change nothing outside the session',
    variable: 'AGENT_WEBKIT_COMMANDS',
    effect:
      'The slash commands a client may send; another one is rejected with 403. Null allows all. See [Commands](./claude-code.md#commands).',
  },
  permissionModes: {
    rule: listOf(PERMISSION_MODES.join(', '), oneOf<PermissionMode>(PERMISSION_MODES)),
    computeDefault: () => ['default', 'acceptEdits', 'plan', 'dontAsk', 'auto'],
    defaultText: 'every mode but `bypassPermissions`, beginning with `default`',
    variable: 'AGENT_WEBKIT_PERMISSION_MODES',
    effect:
      'The permission modes a client may request; another one is rejected with 403. The first is the mode of a new session.',
  },
  effortLevels: {
    rule: listOrNoneOf(EFFORT_LEVELS.join(', '), oneOf<EffortLevel>(EFFORT_LEVELS)),
    computeDefault: () => [...EFFORT_LEVELS],
    defaultText: 'every level: `low`, `medium`, `high`, `xhigh`, `max`',
    variable: 'AGENT_WEBKIT_EFFORT_LEVELS',
    effect:
      'The effort levels a client may request by `set_effort`; another one is rejected with 403. A higher level costs more.',
  },
  allowOutputFormat: {
    rule: flagOfText,
    default: false,
    variable: 'AGENT_WEBKIT_ALLOW_OUTPUT_FORMAT',
    effect:
      'True when a client may send a JSON Schema with a message. Otherwise such a message is rejected with 403. See [Structured output](./structured-output.md).',
  },
  durableTools: {
    rule: orFunction<readonly string[], Extract<DurableTools, (...call: never) => unknown>>(
      listOrNoneOf('tool names, in which * stands for any text', toolName),
    ),
    computeDefault: (): DurableTools => [],
    defaultText: 'none: a request ends with its agent',
    variable: 'AGENT_WEBKIT_DURABLE_TOOLS',
    effect:
      'The tools whose calls always need a person, and whose requests stay open until they are answered, without an agent and over restarts. Names, in which `*` stands for any text, or a function of the call. See [Durable requests](./requests.md).',
  },
  includePartialMessages: {
    rule: flag,
    default: false,
    effect:
      'True to stream text as it is generated (`message_delta`) where a client does not choose.',
  },
  maxTurns: {
    rule: orNull(count),
    default: null,
    unit: 'round trips',
    variable: 'AGENT_WEBKIT_MAX_TURNS',
    effect:
      "The SDK's option `maxTurns`: the maximum number of API round trips. The agent then stops with an error `result`. Null for no limit.",
  },
  maxBudgetUsd: {
    rule: orNull(amount),
    default: null,
    unit: 'US dollars',
    variable: 'AGENT_WEBKIT_MAX_BUDGET_USD',
    effect:
      'Maximum cost of a session, over all of its agents. The turn that reaches it ends with the `result` `error_max_budget_usd`, and so does every later turn. Null for no limit.',
  },
  maxBudgetUsdPerDay: {
    rule: orNull(amount),
    default: null,
    unit: 'US dollars',
    variable: 'AGENT_WEBKIT_MAX_BUDGET_USD_PER_DAY',
    effect:
      'Maximum cost of all sessions of an owner in a UTC day, over all servers. Beyond it, messages are rejected with 429 `daily_budget_exhausted` until the next day, see [Budgets](./http.md#budgets). Null for no limit.',
  },
  modelRequestsPerMinute: {
    rule: orNull(count),
    default: 300,
    unit: 'requests in a minute',
    variable: 'AGENT_WEBKIT_MODEL_REQUESTS_PER_MINUTE',
    effect:
      'Maximum number of requests of one session to the model, over all of its agents. Beyond it, a request is answered with 429, and the agent waits. Only for agents in a sandbox, see [The model](./sandbox.md#the-model). Null for no limit.',
  },
  modelTokensPerMinute: {
    rule: orNull(count),
    default: null,
    unit: 'tokens in a minute',
    variable: 'AGENT_WEBKIT_MODEL_TOKENS_PER_MINUTE',
    effect:
      'Maximum number of tokens of one session, over all of its agents: input that is not read from the cache, and output. Beyond it, a request is answered with 429, and the agent waits, or ends its turn if that would take long. Only for agents in a sandbox. Null for no limit.',
  },
  maxAgents: {
    rule: count,
    computeDefault: () => Math.max(4, Math.floor(totalmem() / AGENT_BYTES)),
    defaultText: "one for each 300 MB of the machine's memory, at least 4",
    unit: 'agents',
    variable: 'AGENT_WEBKIT_MAX_AGENTS',
    effect:
      'Maximum number of agents that run on this server. To start another one, the agent that has been idle for longest is stopped; when all are active, the message is rejected with 503 `agents_busy`.',
  },
  warmPool: {
    rule: integer(0),
    default: 0,
    unit: 'agents',
    variable: 'AGENT_WEBKIT_WARM_POOL',
    effect:
      "Number of agents started ahead, so that a new session's first answer does not wait for a start. Each counts towards `agent.maxAgents`.",
  },
} satisfies Descriptors<AgentOptions>;
