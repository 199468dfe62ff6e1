import { ERROR_STATUS } from '../http/http-errors.js';
import { EVENT_NAMES } from '../protocol/events.js';
import { PERMISSION_MODES } from '../protocol/inbound.js';

/** A JSON Schema, as OpenAPI 3.1 has them. */
export type JsonSchema = { readonly [keyword: string]: unknown };

const one = (value: string): JsonSchema => ({ type: 'string', enum: [value] });
const some = (values: readonly string[]): JsonSchema => ({ type: 'string', enum: [...values] });
const name: JsonSchema = { type: 'string', minLength: 1, maxLength: 256 };
const time: JsonSchema = { type: 'string', format: 'date-time' };
const id: JsonSchema = { type: 'integer', minimum: 0 };
const mode = some(PERMISSION_MODES);
const refer = (schema: string): JsonSchema => ({ $ref: `#/components/schemas/${schema}` });

function object(properties: Record<string, JsonSchema>, optional: string[] = []): JsonSchema {
  const required = Object.keys(properties).filter((key) => !optional.includes(key));
  return { type: 'object', ...(required.length > 0 && { required }), properties };
}

const textBlock = object({ type: one('text'), text: { type: 'string', minLength: 1 } });

const imageBlock = object({
  type: one('image'),
  source: object({
    type: one('base64'),
    media_type: some(['image/jpeg', 'image/png', 'image/gif', 'image/webp']),
    data: {
      type: 'string',
      contentEncoding: 'base64',
      pattern: '^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$',
    },
  }),
});

const destination = some(['userSettings', 'projectSettings', 'localSettings', 'session', 'cliArg']);

const permissionUpdate: JsonSchema = {
  description: 'A permission update of the SDK. The destination must be `session`, else 403.',
  oneOf: [
    object({
      type: some(['addRules', 'replaceRules', 'removeRules']),
      behavior: some(['allow', 'deny', 'ask']),
      rules: {
        type: 'array',
        items: object({ toolName: { type: 'string' }, ruleContent: { type: 'string' } }, [
          'ruleContent',
        ]),
      },
      destination,
    }),
    object({ type: one('setMode'), mode, destination }),
    object({
      type: some(['addDirectories', 'removeDirectories']),
      directories: { type: 'array', items: { type: 'string' } },
      destination,
    }),
  ],
};

const reply = {
  type: one('permission_response'),
  correlation_id: name,
  updated_input: { type: 'object' },
  updated_permissions: { type: 'array', items: refer('AgentWebkitPermissionUpdate') },
  message: { type: 'string', maxLength: 65_536 },
} as const;
const replyOptions = ['updated_input', 'updated_permissions', 'message', 'interrupt'];

const inbound: Record<string, JsonSchema> = {
  AgentWebkitUserMessage: object(
    {
      type: one('user_message'),
      content: {
        oneOf: [
          { type: 'string', minLength: 1 },
          { type: 'array', minItems: 1, items: { oneOf: [textBlock, imageBlock] } },
        ],
      },
      message_id: {
        description: 'A UUID of the client’s: a message with the same one is accepted once.',
        type: 'string',
        format: 'uuid',
      },
    },
    ['message_id'],
  ),
  AgentWebkitInterrupt: object({ type: one('interrupt') }),
  AgentWebkitPermissionAllow: object(
    // `interrupt` goes with `deny` only.
    { ...reply, behavior: one('allow'), interrupt: { not: {} } },
    replyOptions,
  ),
  AgentWebkitPermissionDeny: object(
    { ...reply, behavior: one('deny'), interrupt: { type: 'boolean' } },
    replyOptions,
  ),
  AgentWebkitQuestionResponse: object({
    type: one('question_response'),
    correlation_id: name,
    answers: {
      description:
        'A map of question to answer, `{answers: map}`, or a list of `{question, selectedOptions}`.',
      type: ['object', 'array'],
    },
  }),
  AgentWebkitSetPermissionMode: object({ type: one('set_permission_mode'), mode }),
  AgentWebkitSetModel: object({
    type: one('set_model'),
    model: { description: 'Null for the default.', oneOf: [name, { type: 'null' }] },
  }),
  AgentWebkitStopTask: object({ type: one('stop_task'), task_id: name }),
};

const sessionInfo = object({
  session_id: { type: 'string' },
  protocol_version: { type: 'string' },
  state: some(['idle', 'running', 'awaiting', 'dormant', 'closed']),
  model: { type: ['string', 'null'] },
  permission_mode: { type: 'string' },
  cwd: { type: 'string' },
  created_at: time,
  last_activity_at: time,
  first_id: id,
  last_id: id,
  subscribers: id,
  pending: {
    description: 'The requests nobody has answered yet, as their events told them.',
    type: 'array',
    items: { type: 'object', required: ['event', 'correlation_id'] },
  },
  total_cost_usd: { type: 'number', minimum: 0 },
});

/** Everything that crosses the wire as JSON. The names are ours alone, so that a host's stay its own. */
export const SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  AgentWebkitCreateSession: object(
    {
      model: name,
      permission_mode: mode,
      cwd: { type: 'string', minLength: 1, maxLength: 4096, pattern: '^[^\\u0000]*$' },
      include_partial_messages: { type: 'boolean' },
    },
    ['model', 'permission_mode', 'cwd', 'include_partial_messages'],
  ),
  AgentWebkitCreatedSession: object({
    session_id: { type: 'string' },
    protocol_version: { type: 'string' },
  }),
  AgentWebkitSessionInfo: sessionInfo,
  AgentWebkitSessionsPage: object({
    sessions: { type: 'array', items: refer('AgentWebkitSessionInfo') },
    next_cursor: { type: ['string', 'null'] },
  }),
  AgentWebkitEventsPage: object({
    events: { type: 'array', items: refer('AgentWebkitEvent') },
    last_id: id,
    has_more: { type: 'boolean' },
  }),
  AgentWebkitEvent: object({ id, event: some(EVENT_NAMES), data: { type: 'object' } }),
  AgentWebkitInboundMessage: { oneOf: Object.keys(inbound).map(refer) },
  ...inbound,
  AgentWebkitPermissionUpdate: permissionUpdate,
  AgentWebkitRefusal: object({
    statusCode: { type: 'integer' },
    code: some(Object.keys(ERROR_STATUS)),
    message: { description: 'What to do, for people.', type: 'string' },
  }),
};

export { refer };
