import { ERROR_STATUS } from '../hosting/error-status.js';
import {
  ChangeSessionDto,
  CreateSessionDto,
  EditMessageDto,
  INBOUND_DTOS,
  SetMembersDto,
} from '../protocol/dto.js';
import type { ElicitationResponse, InboundMessage } from '../protocol/inbound.js';
import { PERMISSION_UPDATE } from '../protocol/permission-update.js';
import type { JsonSchema } from '../protocol/shape.js';
import { schemaOf } from '../protocol/dto-schema.js';
import { WIRE_SCHEMAS } from './wire-schemas.js';

export type { JsonSchema };

const some = (values: readonly string[]): JsonSchema => ({ type: 'string', enum: [...values] });
/** Returns a reference to a schema of {@link SCHEMAS}. */
export function refer(schema: string): JsonSchema {
  return { $ref: `#/components/schemas/${schema}` };
}

function object(properties: Record<string, JsonSchema>): JsonSchema {
  return { type: 'object', required: Object.keys(properties), properties };
}

/** One of several schemas, which the values of a property distinguish. */
function union(propertyName: string, variants: Readonly<Record<string, string>>): JsonSchema {
  const references = Object.entries(variants).map(([value, name]) => [value, refer(name)] as const);
  return {
    oneOf: references.map(([, reference]) => reference),
    discriminator: {
      propertyName,
      mapping: Object.fromEntries(references.map(([value, { $ref }]) => [value, $ref])),
    },
  };
}

/** The schema of each message of a client, by its `type`. The rules are those of the DTO classes. */
const MESSAGES: Readonly<Record<InboundMessage['type'], readonly [name: string, JsonSchema]>> = {
  user_message: [
    'AgentWebkitUserMessage',
    describe(schemaOf(dtoOf('user_message')), {
      message_id: 'A UUID chosen by the client. A message with the same one is accepted once.',
      delivery:
        'By default `queue`: a turn of its own. `next_step`: the running turn, before the next request to the model.',
      replaces:
        'The `message_id` of an earlier message, which the agent forgets with everything after it: for a retry, or an edited message.',
    }),
  ],
  interrupt: ['AgentWebkitInterrupt', schemaOf(dtoOf('interrupt'))],
  permission_response: [
    'AgentWebkitPermissionResponse',
    byProperty('permission_response', 'behavior', {
      allow: 'AgentWebkitPermissionAllow',
      deny: 'AgentWebkitPermissionDeny',
    }),
  ],
  question_response: [
    'AgentWebkitQuestionResponse',
    describe(schemaOf(dtoOf('question_response')), {
      answers:
        'A map of question to answer, `{answers: map}`, or a list of `{question, selectedOptions}`.',
    }),
  ],
  elicitation_response: [
    'AgentWebkitElicitationResponse',
    byProperty('elicitation_response', 'action', {
      accept: 'AgentWebkitElicitationAccept',
      decline: 'AgentWebkitElicitationDecline',
      cancel: 'AgentWebkitElicitationCancel',
    }),
  ],
  dialog_response: [
    'AgentWebkitDialogResponse',
    byProperty('dialog_response', 'behavior', {
      completed: 'AgentWebkitDialogCompleted',
      cancelled: 'AgentWebkitDialogCancelled',
    }),
  ],
  hook_decision_response: [
    'AgentWebkitHookDecisionResponse',
    byProperty('hook_decision_response', 'behavior', {
      allow: 'AgentWebkitHookAllow',
      deny: 'AgentWebkitHookDeny',
    }),
  ],
  set_permission_mode: ['AgentWebkitSetPermissionMode', schemaOf(dtoOf('set_permission_mode'))],
  set_model: [
    'AgentWebkitSetModel',
    describe(schemaOf(dtoOf('set_model')), { model: 'Null selects the default model.' }),
  ],
  set_effort: [
    'AgentWebkitSetEffort',
    describe(schemaOf(dtoOf('set_effort')), { effort: "Null selects the agent's default." }),
  ],
  set_max_thinking_tokens: [
    'AgentWebkitSetMaxThinkingTokens',
    describe(schemaOf(dtoOf('set_max_thinking_tokens')), {
      max_thinking_tokens: "0 for no thinking. Null selects the agent's default.",
    }),
  ],
  mcp_reconnect: ['AgentWebkitMcpReconnect', schemaOf(dtoOf('mcp_reconnect'))],
  mcp_toggle: ['AgentWebkitMcpToggle', schemaOf(dtoOf('mcp_toggle'))],
  stop_task: ['AgentWebkitStopTask', schemaOf(dtoOf('stop_task'))],
};

/**
 * The reply whose fields depend on one property. The fields that all variants share are stated again, for
 * generators that expect an object.
 */
function byProperty(
  message: InboundMessage['type'],
  property: string,
  names: Readonly<Record<string, string>>,
): JsonSchema {
  const values = Object.keys(names);
  const { type, correlation_id } = schemaOf(dtoOf(message), { [property]: values[0] ?? '' })[
    'properties'
  ] as { type: JsonSchema; correlation_id: JsonSchema };
  return {
    ...object({ type, correlation_id, [property]: some(values) }),
    ...union(property, names),
  };
}

function elicitationResponse(action: ElicitationResponse['action']): JsonSchema {
  return schemaOf(dtoOf('elicitation_response'), { action });
}

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

/** Every JSON value of the routes, under names that do not collide with a host's own. */
export const SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  ...WIRE_SCHEMAS,
  AgentWebkitCreateSession: describe(schemaOf(CreateSessionDto), {
    title: 'Without one, the first message with text gives the session a title.',
    metadata: 'At most 8,192 characters as JSON.',
  }),
  AgentWebkitChangeSession: describe(schemaOf(ChangeSessionDto), {
    title: 'Null for the title that was made from the first message.',
    metadata:
      'The values to set, and null for each to remove. The others stay. Null instead of the object removes all.',
    archived: 'Null is the same as false.',
  }),
  AgentWebkitEditMessage: schemaOf(EditMessageDto),
  AgentWebkitSetMembers: describe(schemaOf(SetMembersDto), {
    members: 'All members from now on, each with one role. An empty list ends the sharing.',
    expected_members:
      'The members that the session has, in any order. If it has others, the change is rejected with 409 `members_changed`.',
  }),
  AgentWebkitInboundMessage: union(
    'type',
    Object.fromEntries(Object.entries(MESSAGES).map(([type, [name]]) => [type, name])),
  ),
  ...Object.fromEntries(Object.values(MESSAGES)),
  AgentWebkitPermissionAllow: permissionResponse('allow'),
  AgentWebkitPermissionDeny: permissionResponse('deny'),
  AgentWebkitElicitationAccept: elicitationResponse('accept'),
  AgentWebkitElicitationDecline: elicitationResponse('decline'),
  AgentWebkitElicitationCancel: elicitationResponse('cancel'),
  AgentWebkitDialogCompleted: schemaOf(dtoOf('dialog_response'), { behavior: 'completed' }),
  AgentWebkitDialogCancelled: schemaOf(dtoOf('dialog_response'), { behavior: 'cancelled' }),
  AgentWebkitHookAllow: schemaOf(dtoOf('hook_decision_response'), { behavior: 'allow' }),
  AgentWebkitHookDeny: schemaOf(dtoOf('hook_decision_response'), { behavior: 'deny' }),
  AgentWebkitPermissionUpdate: {
    description:
      'A permission update of the SDK. A `destination` other than `session` is rejected with 403.',
    ...PERMISSION_UPDATE.schema,
  },
  AgentWebkitJointEvent: {
    description: 'An event of the stream of several sessions.',
    type: 'object',
    required: ['event', 'data'],
    properties: {
      id: { description: 'The position in the stream, for `Last-Event-ID`.', type: 'string' },
      event: {
        description: 'The name of an event of a session, or of one of the stream itself.',
        type: 'string',
      },
      data: {
        type: 'object',
        required: ['session_id', 'payload'],
        properties: {
          session_id: {
            description: 'The session of the event; null for one about the stream.',
            type: ['string', 'null'],
          },
          id: {
            description:
              'The id of the event in its session. Absent from events of the stream itself.',
            type: 'integer',
            format: 'int64',
          },
          payload: {
            description: 'The `data` of the event in the stream of its session.',
            type: 'object',
            additionalProperties: true,
          },
        },
      },
    },
  },
  AgentWebkitRefusal: object({
    statusCode: { type: 'integer' },
    code: some(Object.keys(ERROR_STATUS)),
    message: { description: 'What was wrong and what to do, for people.', type: 'string' },
  }),
};
