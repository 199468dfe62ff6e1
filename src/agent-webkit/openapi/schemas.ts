import { ERROR_STATUS } from '../hosting/error-status.js';
import { EVENT_NAMES } from '../protocol/events.js';
import { CreateSessionDto, INBOUND_DTOS } from '../protocol/dto.js';
import type { InboundMessage } from '../protocol/inbound.js';
import { PERMISSION_UPDATE } from '../protocol/permission-update.js';
import type { JsonSchema } from '../protocol/shape.js';
import { schemaOf } from '../protocol/dto-schema.js';

export type { JsonSchema };

const some = (values: readonly string[]): JsonSchema => ({ type: 'string', enum: [...values] });
const time: JsonSchema = { type: 'string', format: 'date-time' };
const id: JsonSchema = { type: 'integer', minimum: 0 };
/** Returns a reference to a schema of {@link SCHEMAS}. */
export function refer(schema: string): JsonSchema {
  return { $ref: `#/components/schemas/${schema}` };
}

function object(properties: Record<string, JsonSchema>, optional: string[] = []): JsonSchema {
  const required = Object.keys(properties).filter((key) => !optional.includes(key));
  return { type: 'object', ...(required.length > 0 && { required }), properties };
}

/** The messages of a client, by the schema's name. The rules are those of the DTO classes. */
const inbound: Readonly<Record<string, JsonSchema>> = {
  AgentWebkitUserMessage: describe(schemaOf(dtoOf('user_message')), {
    message_id: 'A UUID chosen by the client. A message with the same one is accepted once.',
  }),
  AgentWebkitInterrupt: schemaOf(dtoOf('interrupt')),
  AgentWebkitPermissionAllow: permissionResponse('allow'),
  AgentWebkitPermissionDeny: permissionResponse('deny'),
  AgentWebkitQuestionResponse: describe(schemaOf(dtoOf('question_response')), {
    answers:
      'A map of question to answer, `{answers: map}`, or a list of `{question, selectedOptions}`.',
  }),
  AgentWebkitSetPermissionMode: schemaOf(dtoOf('set_permission_mode')),
  AgentWebkitSetModel: describe(schemaOf(dtoOf('set_model')), {
    model: 'Null selects the default model.',
  }),
  AgentWebkitStopTask: schemaOf(dtoOf('stop_task')),
};

function permissionResponse(behavior: 'allow' | 'deny'): JsonSchema {
  const schema = schemaOf(dtoOf('permission_response'), { behavior });
  return withReference(schema, PERMISSION_UPDATE.schema, 'AgentWebkitPermissionUpdate');
}

function dtoOf(type: InboundMessage['type']) {
  const dto = INBOUND_DTOS.get(type);
  if (!dto) throw new TypeError(`There is no DTO class for messages of type ${type}.`);
  return dto;
}

/** Adds descriptions to some properties of an object's schema. */
function describe(schema: JsonSchema, descriptions: Readonly<Record<string, string>>): JsonSchema {
  const properties = { ...(schema['properties'] as Record<string, JsonSchema>) };
  for (const [property, description] of Object.entries(descriptions)) {
    properties[property] = { description, ...properties[property] };
  }
  return { ...schema, properties };
}

/** Replaces a part of a schema by a reference. */
function withReference<Part>(schema: Part, part: JsonSchema, reference: string): Part | JsonSchema {
  if (Object.is(schema, part)) return refer(reference);
  if (Array.isArray(schema)) return schema;
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).map(([key, inner]: [string, unknown]) => [
    key,
    withReference(inner, part, reference),
  ]);
  return Object.fromEntries(entries) as Part;
}

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
    description: 'The open requests, as in their events.',
    type: 'array',
    // A request that an earlier server stored has no time.
    items: object(
      {
        event: some(['permission_request', 'ask_user_question']),
        correlation_id: { type: 'string' },
        time,
      },
      ['time'],
    ),
  },
  tasks: {
    description: 'The running tasks of the agent, as in their events `task_started`.',
    type: 'array',
    items: object(
      {
        task_id: { type: 'string' },
        tool_use_id: { type: 'string' },
        parent_task_id: { type: 'string' },
        task_type: { type: 'string' },
        description: { type: 'string' },
        in_background: { type: 'boolean' },
        ambient: { type: 'boolean' },
        started_at: time,
      },
      ['tool_use_id', 'parent_task_id', 'ambient'],
    ),
  },
  total_cost_usd: { type: 'number', minimum: 0 },
});

/** Every JSON value of the routes, under names that do not collide with a host's own. */
export const SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  AgentWebkitCreateSession: schemaOf(CreateSessionDto),
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
  AgentWebkitEvent: object({ id, event: some(EVENT_NAMES), data: object({ time }) }),
  AgentWebkitInboundMessage: { oneOf: Object.keys(inbound).map(refer) },
  ...inbound,
  AgentWebkitPermissionUpdate: {
    description:
      'A permission update of the SDK. A `destination` other than `session` is rejected with 403.',
    ...PERMISSION_UPDATE.schema,
  },
  AgentWebkitRefusal: object({
    statusCode: { type: 'integer' },
    code: some(Object.keys(ERROR_STATUS)),
    message: { description: 'What was wrong and what to do, for people.', type: 'string' },
  }),
};
