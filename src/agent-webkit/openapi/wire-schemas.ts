// Generated from the types of the protocol by `npm run docs:events`. Do not edit it.
import type { JsonSchema } from '../protocol/shape.js';

/** The schemas of the answers, of the events and of the webhooks. */
export const WIRE_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  AgentWebkitEventSessionReady: {
    description: 'The first event of every session.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['session_ready'] },
      data: {
        type: 'object',
        required: ['session_id', 'protocol_version', 'time'],
        properties: {
          session_id: { type: 'string' },
          protocol_version: { type: 'string' },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitUserContent: {
    description: 'The content of a user message: plain text, or blocks of text and images.',
    oneOf: [
      { type: 'string' },
      {
        type: 'array',
        items: {
          oneOf: [
            { $ref: '#/components/schemas/AgentWebkitTextBlock' },
            { $ref: '#/components/schemas/AgentWebkitImageBlock' },
          ],
          discriminator: {
            propertyName: 'type',
            mapping: {
              text: '#/components/schemas/AgentWebkitTextBlock',
              image: '#/components/schemas/AgentWebkitImageBlock',
            },
          },
        },
      },
    ],
  },
  AgentWebkitTextBlock: {
    type: 'object',
    required: ['type', 'text'],
    properties: { type: { type: 'string', enum: ['text'] }, text: { type: 'string' } },
  },
  AgentWebkitImageBlock: {
    type: 'object',
    required: ['type', 'source'],
    properties: {
      type: { type: 'string', enum: ['image'] },
      source: {
        type: 'object',
        required: ['type', 'media_type', 'data'],
        properties: {
          type: { type: 'string', enum: ['base64'] },
          media_type: {
            type: 'string',
            enum: ['image/jpeg', 'image/png', 'image/gif', 'image/webp'],
          },
          data: { type: 'string' },
        },
      },
    },
  },
  AgentWebkitOutputFormat: {
    description:
      'The format of the last answer of a turn, as in the SDK: a value that a JSON Schema describes.',
    type: 'object',
    required: ['type', 'schema'],
    properties: {
      type: { type: 'string', enum: ['json_schema'] },
      schema: { type: 'object', additionalProperties: true },
    },
  },
  AgentWebkitEventUserMessage: {
    description: 'A user message was accepted and is in the queue.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['user_message'] },
      data: {
        type: 'object',
        required: ['message_id', 'content', 'time'],
        properties: {
          message_id: { type: 'string' },
          content: { $ref: '#/components/schemas/AgentWebkitUserContent' },
          delivery: {
            description:
              'Set if the message is for the running turn, see `message_delivered`. Absent for a turn of its own.',
            type: 'string',
            enum: ['next_step'],
          },
          replaces: {
            description: 'The message that it replaces, see `conversation_rewound`.',
            type: 'string',
          },
          output_format: {
            description:
              'The format of the last answer of its turn. Absent if the message has none of its own.',
            $ref: '#/components/schemas/AgentWebkitOutputFormat',
          },
          by: {
            description:
              'The id of the caller who sent it. Absent if an earlier version stored the message.',
            type: 'string',
          },
          traceparent: {
            description:
              'The span of its acceptance, as the header of W3C Trace Context. Absent if it belongs to no trace.',
            type: 'string',
          },
          tracestate: { description: 'As the header of W3C Trace Context.', type: 'string' },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventMessageEdited: {
    description: 'A queued message has another content. It keeps its place in the queue.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['message_edited'] },
      data: {
        type: 'object',
        required: ['message_id', 'content', 'time'],
        properties: {
          message_id: { type: 'string' },
          content: { $ref: '#/components/schemas/AgentWebkitUserContent' },
          by: {
            description:
              'The id of the caller who edited it. Absent if an earlier version stored the edit.',
            type: 'string',
          },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventMessageWithdrawn: {
    description: 'A queued message was withdrawn. No agent receives it.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['message_withdrawn'] },
      data: {
        type: 'object',
        required: ['message_id', 'time'],
        properties: {
          message_id: { type: 'string' },
          by: {
            description:
              'The id of the caller who withdrew it. Absent if an earlier version stored the event.',
            type: 'string',
          },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventMessageDelivered: {
    description:
      'The running turn has received a message with the delivery `next_step`: the agent has it since its next request to the model. It leaves the queue, and has no turn of its own.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['message_delivered'] },
      data: {
        type: 'object',
        required: ['message_id', 'turn', 'time'],
        properties: {
          message_id: { type: 'string' },
          turn: {
            description: "The `message_id` of the turn's own message, as in its `turn_start`.",
            type: 'string',
          },
          by: {
            description:
              'The id of the caller who sent or last edited the message. Absent if an earlier version stored the event.',
            type: 'string',
          },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventTurnStart: {
    description: 'The agent receives the message. Its turn starts.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['turn_start'] },
      data: {
        type: 'object',
        required: ['message_id', 'time'],
        properties: {
          message_id: { type: 'string' },
          by: {
            description:
              'The id of the caller who sent or last edited the message. Absent if an earlier version stored the message.',
            type: 'string',
          },
          sandbox: {
            description:
              'The sandbox that the agent runs in, such as `bubblewrap`; `none` if it has the rights of the server. Absent if the agent does not tell.',
            type: 'string',
          },
          network: {
            description:
              'The hosts that the agent can reach from its sandbox. Absent if it runs in none.',
            type: 'array',
            items: { type: 'string' },
          },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitMessageDelta: {
    oneOf: [
      { $ref: '#/components/schemas/AgentWebkitMessageDeltaText' },
      { $ref: '#/components/schemas/AgentWebkitMessageDeltaInputJsonDelta' },
    ],
    discriminator: {
      propertyName: 'type',
      mapping: {
        text: '#/components/schemas/AgentWebkitMessageDeltaText',
        input_json_delta: '#/components/schemas/AgentWebkitMessageDeltaInputJsonDelta',
      },
    },
  },
  AgentWebkitMessageDeltaText: {
    type: 'object',
    required: ['type', 'text'],
    properties: { type: { type: 'string', enum: ['text'] }, text: { type: 'string' } },
  },
  AgentWebkitMessageDeltaInputJsonDelta: {
    type: 'object',
    required: ['type', 'partial_json', 'tool_use_id', 'name'],
    properties: {
      type: { type: 'string', enum: ['input_json_delta'] },
      partial_json: { type: 'string' },
      tool_use_id: { type: 'string' },
      name: { type: 'string' },
    },
  },
  AgentWebkitEventMessageDelta: {
    description:
      "A part of a text or of a tool's input, while the agent writes. Sent with `include_partial_messages`.",
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['message_delta'] },
      data: {
        type: 'object',
        required: ['message_id', 'delta', 'time'],
        properties: {
          message_id: { type: 'string' },
          delta: { $ref: '#/components/schemas/AgentWebkitMessageDelta' },
          parent_tool_use_id: { type: 'string' },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventMessageComplete: {
    description:
      'A message of the agent. A message can be sent several times: each time with all of its blocks so far, and with the same `message_id`. It replaces the deltas and the earlier ones, also with an empty `content`.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['message_complete'] },
      data: {
        type: 'object',
        required: ['message_id', 'message', 'time'],
        properties: {
          message_id: { type: 'string' },
          message: {
            type: 'object',
            required: ['id', 'role', 'content', 'model', 'stop_reason'],
            properties: {
              id: { type: 'string' },
              role: { type: 'string', enum: ['assistant'] },
              content: { type: 'array', items: {} },
              model: { type: 'string' },
              stop_reason: { type: ['string', 'null'] },
            },
          },
          parent_tool_use_id: { type: 'string' },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventToolUse: {
    description: 'The agent calls a tool.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['tool_use'] },
      data: {
        type: 'object',
        required: ['message_id', 'tool_use_id', 'tool_name', 'input', 'time'],
        properties: {
          message_id: { type: 'string' },
          tool_use_id: { type: 'string' },
          tool_name: { type: 'string' },
          input: {},
          parent_tool_use_id: { type: 'string' },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventToolResult: {
    description: 'A tool returned its output, or failed.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['tool_result'] },
      data: {
        type: 'object',
        required: ['tool_use_id', 'output', 'is_error', 'time'],
        properties: {
          tool_use_id: { description: 'The same as in the event `tool_use`.', type: 'string' },
          output: {},
          is_error: { type: 'boolean' },
          parent_tool_use_id: { type: 'string' },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitRequestExpiryData: {
    description: 'When a request expires, and what is decided then.',
    type: 'object',
    required: ['at', 'decision'],
    properties: {
      at: { description: 'ISO 8601 in UTC.', type: 'string' },
      decision: { type: 'string', enum: ['allow', 'deny'] },
    },
  },
  AgentWebkitRequestEscalationData: {
    description: 'When a request is escalated if it is still open.',
    type: 'object',
    required: ['at'],
    properties: { at: { description: 'ISO 8601 in UTC.', type: 'string' } },
  },
  AgentWebkitRequestApprovalsData: {
    description: 'The approvals that a permission needs.',
    type: 'object',
    required: ['required', 'except_owner'],
    properties: {
      required: { description: 'How many callers must approve it.', type: 'number' },
      except_owner: {
        description: 'True if the owner of the session may not approve it.',
        type: 'boolean',
      },
    },
  },
  AgentWebkitEventPermissionRequest: {
    description: 'A user must allow or deny the use of a tool. Reply with `permission_response`.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['permission_request'] },
      data: {
        type: 'object',
        required: ['correlation_id', 'tool_name', 'input', 'context', 'time'],
        properties: {
          correlation_id: {
            description: 'Identifies the request in the reply and in `request_resolved`.',
            type: 'string',
          },
          tool_name: { type: 'string' },
          input: {
            description:
              'The input of the tool. That of `ExitPlanMode` has the plan in the field `plan`: at most 262,144 characters of it, and then a note. A reply without `updated_input` approves the whole plan.',
            type: 'object',
            additionalProperties: true,
          },
          input_digest: {
            description:
              'The digest of `input`: `sha256:` and the SHA-256 of its canonical JSON (RFC 8785) in hexadecimal digits. Send it back in the reply, so that it can only resolve this input. Absent in events of an earlier version.',
            type: 'string',
          },
          context: {
            description:
              'Details for the user from the SDK: `tool_use_id`, and optional fields such as `title`, `suggestions` and `mcp_server`. `default_to_no` and `suppress_always_allow_rule` restrict how the user may be asked. `plan_missing` is true if the agent asks for the approval of a plan that the server does not know.',
            type: 'object',
            additionalProperties: true,
          },
          expiry: {
            description: 'When the request expires without a reply. Absent if it stays open.',
            $ref: '#/components/schemas/AgentWebkitRequestExpiryData',
          },
          escalation: {
            description:
              'When the request is escalated if it is still open, see `request_escalated`. Absent if it never is.',
            $ref: '#/components/schemas/AgentWebkitRequestEscalationData',
          },
          approvals: {
            description: 'The approvals that the request needs. Absent if one is enough.',
            $ref: '#/components/schemas/AgentWebkitRequestApprovalsData',
          },
          durable: {
            description:
              'True if the request stays open until it is answered, also without an agent and over restarts. False if it ends with its agent although its tool is durable: a sub-agent makes the call, or it could not be stored in time. Absent for other tools.',
            type: 'boolean',
          },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventAskUserQuestion: {
    description: 'A user must answer questions. Reply with `question_response`.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['ask_user_question'] },
      data: {
        type: 'object',
        required: ['correlation_id', 'questions', 'time'],
        properties: {
          correlation_id: {
            description: 'Identifies the request in the reply and in `request_resolved`.',
            type: 'string',
          },
          questions: {
            description:
              'The input of the tool `AskUserQuestion`: an object whose field `questions` is a list of `{ question, header, options: [{ label, description }], multiSelect }`.',
            type: 'object',
            additionalProperties: true,
          },
          input_digest: {
            description: 'The digest of `questions`, as in `permission_request`.',
            type: 'string',
          },
          expiry: {
            description:
              'When the request expires without a reply. It is then denied. Absent if it stays open.',
            $ref: '#/components/schemas/AgentWebkitRequestExpiryData',
          },
          escalation: {
            description: 'As in `permission_request`.',
            $ref: '#/components/schemas/AgentWebkitRequestEscalationData',
          },
          durable: { description: 'As in `permission_request`.', type: 'boolean' },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventRequestApproved: {
    description:
      'A caller approved a request that needs more approvals, and stays open. One denial decides.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['request_approved'] },
      data: {
        type: 'object',
        required: ['correlation_id', 'by', 'at', 'input_digest', 'approvals', 'required', 'time'],
        properties: {
          correlation_id: { type: 'string' },
          by: { description: 'The id of the caller.', type: 'string' },
          at: { description: 'ISO 8601 in UTC.', type: 'string' },
          input_digest: {
            description: 'The digest of the input that was approved.',
            type: 'string',
          },
          approvals: { description: 'The number of approvals so far.', type: 'number' },
          required: { type: 'number' },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventRequestEscalated: {
    description:
      'A request was not resolved in time, and the host has named others who are to answer it. It stays open.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['request_escalated'] },
      data: {
        type: 'object',
        required: ['correlation_id', 'to', 'at', 'time'],
        properties: {
          correlation_id: { type: 'string' },
          to: {
            description: 'The ids of callers, or other names that the host uses: 1 to 20.',
            type: 'array',
            items: { type: 'string' },
          },
          at: { description: 'ISO 8601 in UTC.', type: 'string' },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitRequestKind: {
    type: 'string',
    enum: ['permission', 'question', 'elicitation', 'dialog', 'hook'],
  },
  AgentWebkitRequestOutcome: {
    type: 'string',
    enum: ['allowed', 'denied', 'answered', 'expired', 'cancelled'],
  },
  AgentWebkitDecisionLink: {
    description: "A link of the hash chain of a session's decisions.",
    type: 'object',
    required: ['number', 'prev', 'hash'],
    properties: {
      number: { description: 'The number of the decision in its session, from 1.', type: 'number' },
      prev: {
        description: 'The hash of the decision before; null for the first one.',
        type: ['string', 'null'],
      },
      hash: {
        description:
          'The hash of this decision, which covers everything recorded about it except the inputs, whose digests it covers.',
        type: 'string',
      },
    },
  },
  AgentWebkitRequestDecisionData: {
    description: 'The answer to a durable request, for the agent that receives it later.',
    oneOf: [
      { $ref: '#/components/schemas/AgentWebkitRequestDecisionDataAllow' },
      { $ref: '#/components/schemas/AgentWebkitRequestDecisionDataDeny' },
    ],
    discriminator: {
      propertyName: 'behavior',
      mapping: {
        allow: '#/components/schemas/AgentWebkitRequestDecisionDataAllow',
        deny: '#/components/schemas/AgentWebkitRequestDecisionDataDeny',
      },
    },
  },
  AgentWebkitRequestDecisionDataAllow: {
    type: 'object',
    required: ['behavior'],
    properties: {
      behavior: { type: 'string', enum: ['allow'] },
      updated_permissions: { type: 'array', items: {} },
    },
  },
  AgentWebkitRequestDecisionDataDeny: {
    type: 'object',
    required: ['behavior', 'message'],
    properties: {
      behavior: { type: 'string', enum: ['deny'] },
      message: { type: 'string' },
      interrupt: { type: 'boolean' },
    },
  },
  AgentWebkitEventRequestResolved: {
    description: 'A request was answered, expired or was cancelled.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['request_resolved'] },
      data: {
        type: 'object',
        required: ['correlation_id', 'kind', 'outcome', 'time'],
        properties: {
          correlation_id: { type: 'string' },
          kind: { $ref: '#/components/schemas/AgentWebkitRequestKind' },
          outcome: { $ref: '#/components/schemas/AgentWebkitRequestOutcome' },
          by: {
            description:
              'The id of the caller who replied. Absent if the request ended without a reply.',
            type: 'string',
          },
          approved_by: {
            description:
              'The ids of all callers who approved it, in their order, if it needed several approvals.',
            type: 'array',
            items: { type: 'string' },
          },
          escalated_to: {
            description: 'To whom it was escalated, if that happened.',
            type: 'array',
            items: { type: 'string' },
          },
          expired: {
            description:
              'Set if the request was allowed because it expired. One that expired and was denied has the outcome `expired`.',
            type: 'boolean',
            enum: [true],
          },
          at: {
            description:
              'When the request was resolved: ISO 8601 in UTC. Like the fields below, absent in events of an earlier version.',
            type: 'string',
          },
          input_digest: { description: 'The digest of the input that was shown.', type: 'string' },
          updated_input: {
            description:
              'The input that was allowed, if it is not the one that was shown: an edited input, or questions with their answers.',
            type: 'object',
            additionalProperties: true,
          },
          updated_input_digest: { description: 'The digest of `updated_input`.', type: 'string' },
          link: {
            description:
              'The position of this decision in the hash chain of `GET /sessions/:id/decisions`.',
            $ref: '#/components/schemas/AgentWebkitDecisionLink',
          },
          decision: {
            description:
              'The answer to a durable request whose agent was not running, without `updated_input`. An agent is started that receives it, see `request_delivered`.',
            $ref: '#/components/schemas/AgentWebkitRequestDecisionData',
          },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventRequestDelivered: {
    description:
      'An agent has received the answer to a durable request that was answered while no agent ran, and begins with the call of the tool. It happens at most once. Without it, that call was not run.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['request_delivered'] },
      data: {
        type: 'object',
        required: ['correlation_id', 'time'],
        properties: {
          correlation_id: { type: 'string' },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventTurnWaiting: {
    description:
      'The turn waits for people, and its agent was stopped or has ended. The answer to a durable request starts another one. Also sent before an agent is started that asks for another call of the same message.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['turn_waiting'] },
      data: {
        type: 'object',
        required: ['turn_cost_usd', 'time'],
        properties: {
          turn_cost_usd: {
            description:
              "The cost of the turn so far in US dollars. It is part of the `total_cost_usd` of the turn's `result`.",
            type: 'number',
          },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitModelUsage: {
    description: 'The cost and the tokens of one model.',
    type: 'object',
    required: [
      'input_tokens',
      'output_tokens',
      'cache_read_input_tokens',
      'cache_creation_input_tokens',
      'cost_usd',
    ],
    properties: {
      input_tokens: { type: 'number' },
      output_tokens: { type: 'number' },
      cache_read_input_tokens: { type: 'number' },
      cache_creation_input_tokens: { type: 'number' },
      cost_usd: { type: 'number' },
    },
  },
  AgentWebkitEventResult: {
    description: 'The turn ended.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['result'] },
      data: {
        type: 'object',
        required: [
          'session_id',
          'subtype',
          'is_error',
          'total_cost_usd',
          'session_cost_usd',
          'duration_ms',
          'num_turns',
          'usage',
          'time',
        ],
        properties: {
          session_id: { type: 'string' },
          subtype: {
            description:
              'The reason of the end, such as `success`, `error_max_turns`, `error_max_budget_usd` or `error_during_execution`.',
            type: 'string',
          },
          is_error: {
            description:
              'True if the turn failed. After an API error, `subtype` is `success` all the same.',
            type: 'boolean',
          },
          total_cost_usd: {
            description: 'The cost of this turn in US dollars. Clients sum this figure.',
            type: 'number',
          },
          session_cost_usd: {
            description: 'The cost of the session so far in US dollars, including this turn.',
            type: 'number',
          },
          duration_ms: { type: 'number' },
          num_turns: {
            description: 'The number of API round trips in the turn, as the SDK counts them.',
            type: 'number',
          },
          usage: { description: 'The tokens of the turn, as the SDK reports them.' },
          errors: { description: 'Why the turn failed.', type: 'array', items: { type: 'string' } },
          result: {
            description:
              'The final text of the agent. Absent if it is longer than 65,536 characters: the last `message_complete` has it.',
            type: 'string',
          },
          structured_output: {
            description:
              'The value in the output format of the message or of the session, which the agent has validated.',
          },
          structured_output_omitted: {
            description:
              'True if the value is longer than 262,144 characters as JSON, and was left out for that.',
            type: 'boolean',
            enum: [true],
          },
          terminal_reason: {
            description:
              'Why the agent stopped, such as `completed`, `max_turns`, `api_error` or `aborted_streaming`.',
            type: 'string',
          },
          stop_reason: {
            description: 'Why the model stopped, such as `end_turn` or `max_tokens`.',
            type: ['string', 'null'],
          },
          model_usage: {
            description: 'The cost and the tokens of this turn by model, sub-agents included.',
            type: 'object',
            additionalProperties: { $ref: '#/components/schemas/AgentWebkitModelUsage' },
          },
          permission_denials: {
            description: 'The tool calls that were denied, at most 100.',
            type: 'array',
            items: {
              type: 'object',
              required: ['tool_name', 'tool_use_id'],
              properties: { tool_name: { type: 'string' }, tool_use_id: { type: 'string' } },
            },
          },
          unasked: {
            description:
              'Set if the agent started the turn by itself, for example because a background task ended. It does not end the turn of a user message.',
            type: 'boolean',
            enum: [true],
          },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventError: {
    description:
      'A failure inside the session: `agent_start_failed`, `agent_crashed`, `agent_stopped`, `agent_error`, `agent_memory_exceeded`, `agent_processes_exceeded`, `agent_cpu_exceeded`, `disk_quota_exceeded`, `session_folder_missing`, `agent_authentication_failed`, `agent_api_error`, `task_timeout`, `transcript_not_stored`, `event_not_stored` or `turn_interrupted`.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['error'] },
      data: {
        type: 'object',
        required: ['code', 'message', 'time'],
        properties: {
          code: { type: 'string' },
          message: { type: 'string' },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventMcpStatusChange: {
    description: 'An MCP server of the agent connected, failed or changed its status.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['mcp_status_change'] },
      data: {
        type: 'object',
        required: ['server_name', 'status', 'time'],
        properties: {
          server_name: { type: 'string' },
          status: { type: 'string' },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventPermissionModeChanged: {
    description:
      "The session's permission mode changed: by a client, or by the agent, for example when it enters plan mode.",
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['permission_mode_changed'] },
      data: {
        type: 'object',
        required: ['permission_mode', 'time'],
        properties: {
          permission_mode: {
            type: 'string',
            enum: ['default', 'acceptEdits', 'bypassPermissions', 'plan', 'dontAsk', 'auto'],
          },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventEffortChanged: {
    description:
      "A client changed the effort or the thinking budget of the session. Null stands for the agent's default.",
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['effort_changed'] },
      data: {
        type: 'object',
        required: ['effort', 'max_thinking_tokens', 'time'],
        properties: {
          effort: { type: ['string', 'null'] },
          max_thinking_tokens: { type: ['number', 'null'] },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventTaskStarted: {
    description:
      'The agent started a task: a sub-agent, or a command that runs in the background or for some seconds. At most 100 running tasks of a session are reported.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['task_started'] },
      data: {
        type: 'object',
        required: ['task_id', 'task_type', 'description', 'in_background', 'time'],
        properties: {
          task_id: {
            description: 'Identifies the task in `stop_task` and in the other events of the task.',
            type: 'string',
          },
          tool_use_id: { description: 'The tool use that started the task.', type: 'string' },
          parent_task_id: {
            description: 'The task whose sub-agent started this one.',
            type: 'string',
          },
          task_type: {
            description:
              'The kind of the task, as the SDK names it, such as `local_agent` or `local_bash`.',
            type: 'string',
          },
          description: { type: 'string' },
          in_background: {
            description:
              'True if the task continues after its turn. False while its tool use waits for it.',
            type: 'boolean',
          },
          ambient: {
            description: 'Set on a task that only watches, and is no activity.',
            type: 'boolean',
            enum: [true],
          },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitTaskUsage: {
    description: 'The tokens, the tool uses and the time of a task.',
    type: 'object',
    required: ['total_tokens', 'tool_uses', 'duration_ms'],
    properties: {
      total_tokens: { type: 'number' },
      tool_uses: { type: 'number' },
      duration_ms: { type: 'number' },
    },
  },
  AgentWebkitEventTaskProgress: {
    description:
      'A running task did something: for each task at most once in five seconds, and once in a tenth of its age; or it was moved to the background.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['task_progress'] },
      data: {
        type: 'object',
        required: ['task_id', 'time'],
        properties: {
          task_id: { type: 'string' },
          description: { description: 'The present step, for people.', type: 'string' },
          summary: { type: 'string' },
          last_tool_name: { type: 'string' },
          usage: {
            description: 'The usage so far.',
            $ref: '#/components/schemas/AgentWebkitTaskUsage',
          },
          in_background: {
            description:
              'Set when the task was moved to the background: it continues after its turn.',
            type: 'boolean',
            enum: [true],
          },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitTaskStatus: {
    description: 'How a task ended.',
    type: 'string',
    enum: ['completed', 'failed', 'stopped', 'lost'],
  },
  AgentWebkitEventTaskEnded: {
    description: 'A task ended. Every `task_started` has its `task_ended`, also after a crash.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['task_ended'] },
      data: {
        type: 'object',
        required: ['task_id', 'status', 'summary', 'time'],
        properties: {
          task_id: { type: 'string' },
          tool_use_id: { type: 'string' },
          status: {
            description:
              '`lost` means that the agent ended before the task did, or did not report how it ended.',
            $ref: '#/components/schemas/AgentWebkitTaskStatus',
          },
          summary: { description: 'The outcome for people.', type: 'string' },
          usage: { $ref: '#/components/schemas/AgentWebkitTaskUsage' },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventConversationReset: {
    description:
      'The agent cleared its context, for example upon `/clear`, and continues without the earlier messages.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['conversation_reset'] },
      data: {
        type: 'object',
        required: ['conversation_id', 'time'],
        properties: {
          conversation_id: {
            description:
              "The id of the agent's new conversation. The id of the session stays the same.",
            type: 'string',
          },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventConversationRewound: {
    description:
      'A message replaces an earlier one: the agent forgets that, and everything after it. Both branches stay in the log. The `turn_start` of the new message follows.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['conversation_rewound'] },
      data: {
        type: 'object',
        required: ['message_id', 'replaced_by', 'time'],
        properties: {
          message_id: { description: 'The `message_id` of the replaced message.', type: 'string' },
          replaced_by: { description: 'The `message_id` of the new message.', type: 'string' },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventSessionState: {
    description: 'The agent was stopped (`dormant`) or resumed (`idle`).',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['session_state'] },
      data: {
        type: 'object',
        required: ['state', 'time'],
        properties: {
          state: { type: 'string', enum: ['idle', 'dormant'] },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitTitleSource: {
    description:
      "The source of a session's title: a client, or its first message with text. Null without a title.",
    type: 'string',
    enum: ['client', 'message'],
  },
  AgentWebkitSessionMetadata: {
    description:
      'The values of a client for one session, by their names. The server stores them, and does not use them.',
    type: 'object',
    additionalProperties: {
      oneOf: [
        { type: 'string' },
        { type: 'number' },
        { type: 'boolean', enum: [false] },
        { type: 'boolean', enum: [true] },
      ],
    },
  },
  AgentWebkitEventSessionChanged: {
    description:
      'A client changed what is noted about the session. Only the changed fields are present, with their new values. A title that is made from a message has no event of its own: it is that of the first `user_message` with text.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['session_changed'] },
      data: {
        type: 'object',
        required: ['by', 'time'],
        properties: {
          title: { type: ['string', 'null'] },
          title_source: {
            description: 'Present with `title`.',
            $ref: '#/components/schemas/AgentWebkitTitleSource',
          },
          metadata: {
            description: 'All values, also those that are as before.',
            $ref: '#/components/schemas/AgentWebkitSessionMetadata',
          },
          archived: { type: 'boolean' },
          by: { description: 'The id of the caller.', type: 'string' },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitSessionMember: {
    description: 'A caller with whom the owner of a session shares it.',
    type: 'object',
    required: ['id', 'role'],
    properties: {
      id: { description: 'The id of the caller, as the server authenticates it.', type: 'string' },
      role: { $ref: '#/components/schemas/AgentWebkitSessionRole' },
    },
  },
  AgentWebkitSessionRole: {
    description:
      "The role of a member of a session: a viewer reads it, a contributor also sends messages, interrupts and changes settings, and an approver also answers the agent's requests.",
    type: 'string',
    enum: ['viewer', 'contributor', 'approver'],
  },
  AgentWebkitEventMembersChanged: {
    description:
      'The owner has changed with whom the session is shared, by `PUT /sessions/:id/members`.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['members_changed'] },
      data: {
        type: 'object',
        required: ['members', 'by', 'time'],
        properties: {
          members: {
            description: 'All members, also those who are as before.',
            type: 'array',
            items: { $ref: '#/components/schemas/AgentWebkitSessionMember' },
          },
          by: { description: 'The id of the caller.', type: 'string' },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventDone: {
    description: 'The session ended. The stream ends, too.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['done'] },
      data: {
        type: 'object',
        required: ['time'],
        properties: {
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventElicitationRequest: {
    description:
      'An MCP server of the agent asks the user for input: to fill in a form, or to visit a web page. Reply with `elicitation_response`.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['elicitation_request'] },
      data: {
        type: 'object',
        required: ['correlation_id', 'server_name', 'message', 'mode', 'input_digest', 'time'],
        properties: {
          correlation_id: {
            description: 'Identifies the request in the reply and in `request_resolved`.',
            type: 'string',
          },
          server_name: {
            description:
              'The name of the MCP server. Show it to the user: the other texts are those of the server.',
            type: 'string',
          },
          message: { description: 'The text of the MCP server for the user.', type: 'string' },
          mode: { type: 'string', enum: ['form', 'url'] },
          requested_schema: {
            description:
              'The form, as a JSON Schema of an object. Its properties are texts, numbers, booleans and choices. Absent with `url`.',
            type: 'object',
            additionalProperties: true,
          },
          url: {
            description:
              'The page to visit, by `http:` or `https:`. Show the whole address before the user opens it. Absent with `form`.',
            type: 'string',
          },
          elicitation_id: {
            description: 'Identifies the request in `elicitation_complete`. Absent with `form`.',
            type: 'string',
          },
          title: { type: 'string' },
          display_name: { type: 'string' },
          description: { type: 'string' },
          input_digest: {
            description:
              'The digest of all other fields but `correlation_id` and `time`, as in `permission_request`.',
            type: 'string',
          },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventDialogRequest: {
    description:
      'The agent asks the user by a dialog of its own. Only kinds that the host has declared are sent. Reply with `dialog_response`.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['dialog_request'] },
      data: {
        type: 'object',
        required: ['correlation_id', 'dialog_kind', 'payload', 'input_digest', 'time'],
        properties: {
          correlation_id: {
            description: 'Identifies the request in the reply and in `request_resolved`.',
            type: 'string',
          },
          dialog_kind: {
            description:
              'The kind of the dialog, which determines the fields of `payload` and the `result` of the reply.',
            type: 'string',
          },
          payload: { type: 'object', additionalProperties: true },
          tool_use_id: { description: 'The tool call that it belongs to.', type: 'string' },
          input_digest: { description: 'As in `elicitation_request`.', type: 'string' },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventHookDecisionRequest: {
    description:
      'A hook of the host leaves its decision to the user. Reply with `hook_decision_response`.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['hook_decision_request'] },
      data: {
        type: 'object',
        required: ['correlation_id', 'hook_event', 'hook_input', 'input_digest', 'time'],
        properties: {
          correlation_id: {
            description: 'Identifies the request in the reply and in `request_resolved`.',
            type: 'string',
          },
          hook_event: {
            description: 'The event of the hook: `PreToolUse`, `UserPromptSubmit` or `PreCompact`.',
            type: 'string',
          },
          hook_input: {
            description:
              'The input of the hook, for example `tool_name` and `tool_input`, without paths of the server.',
            type: 'object',
            additionalProperties: true,
          },
          input_digest: { description: 'As in `elicitation_request`.', type: 'string' },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventApiRetry: {
    description: "A request to the model's API failed. The agent retries it after a delay.",
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['api_retry'] },
      data: {
        type: 'object',
        required: ['attempt', 'max_retries', 'retry_delay_ms', 'status', 'kind', 'time'],
        properties: {
          attempt: { description: 'The number of this retry, from 1.', type: 'number' },
          max_retries: { type: 'number' },
          retry_delay_ms: { type: 'number' },
          status: {
            description: 'The HTTP status of the failed request. Null if there was no response.',
            type: ['number', 'null'],
          },
          kind: {
            description:
              'The kind of the failure, such as `overloaded`, `rate_limit` or `authentication_failed`.',
            type: 'string',
          },
          parent_tool_use_id: { type: 'string' },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventRateLimit: {
    description:
      "The rate limit of the agent's account changed its status. Only for accounts with a subscription.",
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['rate_limit'] },
      data: {
        type: 'object',
        required: ['status', 'time'],
        properties: {
          status: {
            description: '`allowed`, `allowed_warning` (near the limit) or `rejected`.',
            type: 'string',
          },
          kind: { description: 'The limit, such as `five_hour` or `seven_day`.', type: 'string' },
          resets_at: {
            description: 'When the limit is reset, in ISO 8601.',
            type: 'string',
            format: 'date-time',
          },
          utilization: {
            description: 'The used share of the limit, as the SDK reports it.',
            type: 'number',
          },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventAuthStatus: {
    description: 'The agent obtains new credentials (`is_authenticating`), or has finished.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['auth_status'] },
      data: {
        type: 'object',
        required: ['is_authenticating', 'time'],
        properties: {
          is_authenticating: { type: 'boolean' },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventCompactionStart: {
    description:
      'The agent begins to summarize the conversation, because it is too long or because the user asked for it.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['compaction_start'] },
      data: {
        type: 'object',
        required: ['time'],
        properties: {
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventCompactionEnd: {
    description:
      'The summary is complete, has failed or was cancelled. Each `compaction_start` has one, unless the agent ends.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['compaction_end'] },
      data: {
        type: 'object',
        required: ['outcome', 'time'],
        properties: {
          outcome: { type: 'string', enum: ['cancelled', 'completed', 'failed'] },
          trigger: {
            description: '`manual` if the user asked for it, `auto` if the agent did.',
            type: 'string',
            enum: ['auto', 'manual'],
          },
          tokens_before: {
            description: 'The tokens of the conversation before it.',
            type: 'number',
          },
          tokens_after: { description: 'The tokens of the conversation after it.', type: 'number' },
          duration_ms: { type: 'number' },
          message: { description: 'The reason of a failure.', type: 'string' },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventThinkingDelta: {
    description:
      "A part of the agent's thinking. Sent with `include_partial_messages`. The complete block is in `message_complete`.",
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['thinking_delta'] },
      data: {
        type: 'object',
        required: ['message_id', 'thinking', 'time'],
        properties: {
          message_id: { type: 'string' },
          thinking: { type: 'string' },
          parent_tool_use_id: { type: 'string' },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventThinkingProgress: {
    description:
      'The agent is thinking. Sent at the start of a block of thinking, and each time its tokens have doubled.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['thinking_progress'] },
      data: {
        type: 'object',
        required: ['estimated_tokens', 'time'],
        properties: {
          estimated_tokens: {
            description: 'An estimate of the tokens of this block so far.',
            type: 'number',
          },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventToolProgress: {
    description: 'A tool is still running.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['tool_progress'] },
      data: {
        type: 'object',
        required: ['tool_use_id', 'tool_name', 'elapsed_ms', 'time'],
        properties: {
          tool_use_id: { description: 'The same as in the event `tool_use`.', type: 'string' },
          tool_name: { type: 'string' },
          elapsed_ms: { type: 'number' },
          task_id: { description: 'The background task of this tool call.', type: 'string' },
          parent_tool_use_id: { type: 'string' },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventToolUseSummary: {
    description: 'A summary of the latest tool calls, if the host has enabled it.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['tool_use_summary'] },
      data: {
        type: 'object',
        required: ['summary', 'tool_use_ids', 'time'],
        properties: {
          summary: { type: 'string' },
          tool_use_ids: { type: 'array', items: { type: 'string' } },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventPermissionDenied: {
    description:
      'A tool call was denied without a request: by a rule, by the permission mode or by a classifier.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['permission_denied'] },
      data: {
        type: 'object',
        required: ['tool_name', 'tool_use_id', 'time'],
        properties: {
          tool_name: { type: 'string' },
          tool_use_id: { description: 'The same as in the event `tool_use`.', type: 'string' },
          kind: {
            description: 'The part that decided, such as `rule`, `mode` or `classifier`.',
            type: 'string',
          },
          reason: { type: 'string' },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventPromptSuggestion: {
    description: "A suggestion for the user's next message, if the host has enabled it.",
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['prompt_suggestion'] },
      data: {
        type: 'object',
        required: ['suggestion', 'time'],
        properties: {
          suggestion: { type: 'string' },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventNotification: {
    description:
      "A message of the agent's program for the user, such as the reason of a hook that blocked a message.",
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['notification'] },
      data: {
        type: 'object',
        required: ['text', 'level', 'time'],
        properties: {
          text: { type: 'string' },
          level: { type: 'string', enum: ['info', 'notice', 'suggestion', 'warning'] },
          tool_use_id: { description: 'The tool call that it is about.', type: 'string' },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventModelRefusal: {
    description: 'The model refused to answer. With a `fallback_model`, the agent asks that model.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['model_refusal'] },
      data: {
        type: 'object',
        required: ['model', 'fallback_model', 'category', 'time'],
        properties: {
          model: { type: 'string' },
          fallback_model: { type: ['string', 'null'] },
          category: {
            description: 'The category of the refusal, if the API names one.',
            type: ['string', 'null'],
          },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEventElicitationComplete: {
    description:
      'The user has finished at the page of an `elicitation_request`, as its MCP server reports.',
    type: 'object',
    required: ['id', 'event', 'data'],
    properties: {
      id: {
        type: 'integer',
        minimum: 0,
        format: 'int64',
        description:
          'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
      },
      event: { type: 'string', enum: ['elicitation_complete'] },
      data: {
        type: 'object',
        required: ['server_name', 'elicitation_id', 'time'],
        properties: {
          server_name: { type: 'string' },
          elicitation_id: { type: 'string' },
          time: {
            description: 'When the server appended the event: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
        },
      },
    },
  },
  AgentWebkitEvent: {
    description:
      'An event of a session. Later versions may add events and fields: ignore those you do not know.',
    oneOf: [
      { $ref: '#/components/schemas/AgentWebkitEventSessionReady' },
      { $ref: '#/components/schemas/AgentWebkitEventUserMessage' },
      { $ref: '#/components/schemas/AgentWebkitEventMessageEdited' },
      { $ref: '#/components/schemas/AgentWebkitEventMessageWithdrawn' },
      { $ref: '#/components/schemas/AgentWebkitEventMessageDelivered' },
      { $ref: '#/components/schemas/AgentWebkitEventTurnStart' },
      { $ref: '#/components/schemas/AgentWebkitEventMessageDelta' },
      { $ref: '#/components/schemas/AgentWebkitEventMessageComplete' },
      { $ref: '#/components/schemas/AgentWebkitEventToolUse' },
      { $ref: '#/components/schemas/AgentWebkitEventToolResult' },
      { $ref: '#/components/schemas/AgentWebkitEventPermissionRequest' },
      { $ref: '#/components/schemas/AgentWebkitEventAskUserQuestion' },
      { $ref: '#/components/schemas/AgentWebkitEventRequestApproved' },
      { $ref: '#/components/schemas/AgentWebkitEventRequestEscalated' },
      { $ref: '#/components/schemas/AgentWebkitEventRequestResolved' },
      { $ref: '#/components/schemas/AgentWebkitEventRequestDelivered' },
      { $ref: '#/components/schemas/AgentWebkitEventTurnWaiting' },
      { $ref: '#/components/schemas/AgentWebkitEventResult' },
      { $ref: '#/components/schemas/AgentWebkitEventError' },
      { $ref: '#/components/schemas/AgentWebkitEventMcpStatusChange' },
      { $ref: '#/components/schemas/AgentWebkitEventPermissionModeChanged' },
      { $ref: '#/components/schemas/AgentWebkitEventEffortChanged' },
      { $ref: '#/components/schemas/AgentWebkitEventTaskStarted' },
      { $ref: '#/components/schemas/AgentWebkitEventTaskProgress' },
      { $ref: '#/components/schemas/AgentWebkitEventTaskEnded' },
      { $ref: '#/components/schemas/AgentWebkitEventConversationReset' },
      { $ref: '#/components/schemas/AgentWebkitEventConversationRewound' },
      { $ref: '#/components/schemas/AgentWebkitEventSessionState' },
      { $ref: '#/components/schemas/AgentWebkitEventSessionChanged' },
      { $ref: '#/components/schemas/AgentWebkitEventMembersChanged' },
      { $ref: '#/components/schemas/AgentWebkitEventDone' },
      { $ref: '#/components/schemas/AgentWebkitEventElicitationRequest' },
      { $ref: '#/components/schemas/AgentWebkitEventDialogRequest' },
      { $ref: '#/components/schemas/AgentWebkitEventHookDecisionRequest' },
      { $ref: '#/components/schemas/AgentWebkitEventApiRetry' },
      { $ref: '#/components/schemas/AgentWebkitEventRateLimit' },
      { $ref: '#/components/schemas/AgentWebkitEventAuthStatus' },
      { $ref: '#/components/schemas/AgentWebkitEventCompactionStart' },
      { $ref: '#/components/schemas/AgentWebkitEventCompactionEnd' },
      { $ref: '#/components/schemas/AgentWebkitEventThinkingDelta' },
      { $ref: '#/components/schemas/AgentWebkitEventThinkingProgress' },
      { $ref: '#/components/schemas/AgentWebkitEventToolProgress' },
      { $ref: '#/components/schemas/AgentWebkitEventToolUseSummary' },
      { $ref: '#/components/schemas/AgentWebkitEventPermissionDenied' },
      { $ref: '#/components/schemas/AgentWebkitEventPromptSuggestion' },
      { $ref: '#/components/schemas/AgentWebkitEventNotification' },
      { $ref: '#/components/schemas/AgentWebkitEventModelRefusal' },
      { $ref: '#/components/schemas/AgentWebkitEventElicitationComplete' },
    ],
    discriminator: {
      propertyName: 'event',
      mapping: {
        session_ready: '#/components/schemas/AgentWebkitEventSessionReady',
        user_message: '#/components/schemas/AgentWebkitEventUserMessage',
        message_edited: '#/components/schemas/AgentWebkitEventMessageEdited',
        message_withdrawn: '#/components/schemas/AgentWebkitEventMessageWithdrawn',
        message_delivered: '#/components/schemas/AgentWebkitEventMessageDelivered',
        turn_start: '#/components/schemas/AgentWebkitEventTurnStart',
        message_delta: '#/components/schemas/AgentWebkitEventMessageDelta',
        message_complete: '#/components/schemas/AgentWebkitEventMessageComplete',
        tool_use: '#/components/schemas/AgentWebkitEventToolUse',
        tool_result: '#/components/schemas/AgentWebkitEventToolResult',
        permission_request: '#/components/schemas/AgentWebkitEventPermissionRequest',
        ask_user_question: '#/components/schemas/AgentWebkitEventAskUserQuestion',
        request_approved: '#/components/schemas/AgentWebkitEventRequestApproved',
        request_escalated: '#/components/schemas/AgentWebkitEventRequestEscalated',
        request_resolved: '#/components/schemas/AgentWebkitEventRequestResolved',
        request_delivered: '#/components/schemas/AgentWebkitEventRequestDelivered',
        turn_waiting: '#/components/schemas/AgentWebkitEventTurnWaiting',
        result: '#/components/schemas/AgentWebkitEventResult',
        error: '#/components/schemas/AgentWebkitEventError',
        mcp_status_change: '#/components/schemas/AgentWebkitEventMcpStatusChange',
        permission_mode_changed: '#/components/schemas/AgentWebkitEventPermissionModeChanged',
        effort_changed: '#/components/schemas/AgentWebkitEventEffortChanged',
        task_started: '#/components/schemas/AgentWebkitEventTaskStarted',
        task_progress: '#/components/schemas/AgentWebkitEventTaskProgress',
        task_ended: '#/components/schemas/AgentWebkitEventTaskEnded',
        conversation_reset: '#/components/schemas/AgentWebkitEventConversationReset',
        conversation_rewound: '#/components/schemas/AgentWebkitEventConversationRewound',
        session_state: '#/components/schemas/AgentWebkitEventSessionState',
        session_changed: '#/components/schemas/AgentWebkitEventSessionChanged',
        members_changed: '#/components/schemas/AgentWebkitEventMembersChanged',
        done: '#/components/schemas/AgentWebkitEventDone',
        elicitation_request: '#/components/schemas/AgentWebkitEventElicitationRequest',
        dialog_request: '#/components/schemas/AgentWebkitEventDialogRequest',
        hook_decision_request: '#/components/schemas/AgentWebkitEventHookDecisionRequest',
        api_retry: '#/components/schemas/AgentWebkitEventApiRetry',
        rate_limit: '#/components/schemas/AgentWebkitEventRateLimit',
        auth_status: '#/components/schemas/AgentWebkitEventAuthStatus',
        compaction_start: '#/components/schemas/AgentWebkitEventCompactionStart',
        compaction_end: '#/components/schemas/AgentWebkitEventCompactionEnd',
        thinking_delta: '#/components/schemas/AgentWebkitEventThinkingDelta',
        thinking_progress: '#/components/schemas/AgentWebkitEventThinkingProgress',
        tool_progress: '#/components/schemas/AgentWebkitEventToolProgress',
        tool_use_summary: '#/components/schemas/AgentWebkitEventToolUseSummary',
        permission_denied: '#/components/schemas/AgentWebkitEventPermissionDenied',
        prompt_suggestion: '#/components/schemas/AgentWebkitEventPromptSuggestion',
        notification: '#/components/schemas/AgentWebkitEventNotification',
        model_refusal: '#/components/schemas/AgentWebkitEventModelRefusal',
        elicitation_complete: '#/components/schemas/AgentWebkitEventElicitationComplete',
      },
    },
  },
  AgentWebkitCreatedSession: {
    description: 'The response to POST /sessions.',
    type: 'object',
    required: ['session_id', 'protocol_version'],
    properties: { session_id: { type: 'string' }, protocol_version: { type: 'string' } },
  },
  AgentWebkitSessionInfo: {
    description: 'The description of a session. Times are ISO 8601 in UTC.',
    type: 'object',
    required: [
      'session_id',
      'owner',
      'role',
      'members',
      'protocol_version',
      'state',
      'agent',
      'model',
      'permission_mode',
      'effort',
      'max_thinking_tokens',
      'cwd',
      'title',
      'title_source',
      'metadata',
      'archived',
      'created_at',
      'last_activity_at',
      'first_id',
      'last_id',
      'subscribers',
      'pending',
      'tasks',
      'total_cost_usd',
    ],
    properties: {
      session_id: { type: 'string' },
      owner: { description: 'The id of the caller who created the session.', type: 'string' },
      role: {
        description:
          'The role of the caller who receives this: `owner`, or that of a member. Null if only the host permits to read.',
        type: 'string',
        enum: ['viewer', 'contributor', 'approver', 'owner'],
      },
      members: {
        description: 'The callers with whom the owner shares the session.',
        type: 'array',
        items: { $ref: '#/components/schemas/AgentWebkitSessionMember' },
      },
      protocol_version: { type: 'string' },
      state: { $ref: '#/components/schemas/AgentWebkitSessionStateName' },
      agent: {
        description:
          '`none` while the session has no agent: it is dormant, or waits for the answer to a durable request.',
        type: 'string',
        enum: ['running', 'none'],
      },
      model: { type: ['string', 'null'] },
      permission_mode: { type: 'string' },
      effort: {
        description: "The effort of the model; null for the agent's default.",
        type: ['string', 'null'],
      },
      max_thinking_tokens: {
        description: "The thinking budget in tokens; null for the agent's default.",
        type: ['number', 'null'],
      },
      cwd: { type: 'string' },
      sandbox: {
        description:
          'The sandbox of agents that this server starts for the session, such as `bubblewrap`; `none` if they have the rights of the server. Absent if the agents do not tell, as in `turn_start`.',
        type: 'string',
      },
      network: {
        description:
          'The hosts that these agents can reach from their sandbox. Absent if they run in none.',
        type: 'array',
        items: { type: 'string' },
      },
      title: {
        description:
          'The title that a client gave, else one that was made from the first message with text. Null without both.',
        type: ['string', 'null'],
      },
      title_source: {
        description:
          '`client` if a client gave the title, `message` if it was made from a message, null without a title.',
        $ref: '#/components/schemas/AgentWebkitTitleSource',
      },
      metadata: {
        description: 'The values that clients stored with the session.',
        $ref: '#/components/schemas/AgentWebkitSessionMetadata',
      },
      archived: {
        description:
          'True if a client has archived the session. The server treats it like any other.',
        type: 'boolean',
      },
      created_at: { type: 'string', format: 'date-time' },
      last_activity_at: { type: 'string', format: 'date-time' },
      first_id: {
        description: 'The id of the first event after which no event is missing.',
        type: 'integer',
        minimum: 0,
        format: 'int64',
      },
      last_id: { type: 'integer', minimum: 0, format: 'int64' },
      subscribers: { description: 'The number of open streams.', type: 'integer', minimum: 0 },
      pending: { type: 'array', items: { $ref: '#/components/schemas/AgentWebkitPendingRequest' } },
      tasks: {
        description:
          'The running tasks of the agent. They may continue while the session is `idle`.',
        type: 'array',
        items: { $ref: '#/components/schemas/AgentWebkitSessionTask' },
      },
      total_cost_usd: { type: 'number' },
    },
  },
  AgentWebkitSessionStateName: {
    description: 'The state of a session as a client sees it.',
    type: 'string',
    enum: ['idle', 'running', 'awaiting', 'dormant', 'closed'],
  },
  AgentWebkitPendingRequest: {
    description:
      'An open request, as in its event. A request that an earlier version of the server stored has no time.',
    oneOf: [
      { $ref: '#/components/schemas/AgentWebkitPendingRequestPermissionRequest' },
      { $ref: '#/components/schemas/AgentWebkitPendingRequestAskUserQuestion' },
      { $ref: '#/components/schemas/AgentWebkitPendingRequestElicitationRequest' },
      { $ref: '#/components/schemas/AgentWebkitPendingRequestDialogRequest' },
      { $ref: '#/components/schemas/AgentWebkitPendingRequestHookDecisionRequest' },
    ],
    discriminator: {
      propertyName: 'event',
      mapping: {
        permission_request: '#/components/schemas/AgentWebkitPendingRequestPermissionRequest',
        ask_user_question: '#/components/schemas/AgentWebkitPendingRequestAskUserQuestion',
        elicitation_request: '#/components/schemas/AgentWebkitPendingRequestElicitationRequest',
        dialog_request: '#/components/schemas/AgentWebkitPendingRequestDialogRequest',
        hook_decision_request: '#/components/schemas/AgentWebkitPendingRequestHookDecisionRequest',
      },
    },
  },
  AgentWebkitPendingRequestPermissionRequest: {
    type: 'object',
    required: ['event', 'correlation_id', 'tool_name', 'input', 'context'],
    properties: {
      time: {
        description: 'When the server appended the event: ISO 8601 in UTC.',
        type: 'string',
        format: 'date-time',
      },
      event: { type: 'string', enum: ['permission_request'] },
      approved_by: {
        description: 'The ids of the callers who have approved it, if it needs several approvals.',
        type: 'array',
        items: { type: 'string' },
      },
      escalated_to: {
        description: 'To whom it is escalated, as in `request_escalated`. Absent until then.',
        type: 'array',
        items: { type: 'string' },
      },
      correlation_id: {
        description: 'Identifies the request in the reply and in `request_resolved`.',
        type: 'string',
      },
      tool_name: { type: 'string' },
      input: {
        description:
          'The input of the tool. That of `ExitPlanMode` has the plan in the field `plan`: at most 262,144 characters of it, and then a note. A reply without `updated_input` approves the whole plan.',
        type: 'object',
        additionalProperties: true,
      },
      input_digest: {
        description:
          'The digest of `input`: `sha256:` and the SHA-256 of its canonical JSON (RFC 8785) in hexadecimal digits. Send it back in the reply, so that it can only resolve this input. Absent in events of an earlier version.',
        type: 'string',
      },
      context: {
        description:
          'Details for the user from the SDK: `tool_use_id`, and optional fields such as `title`, `suggestions` and `mcp_server`. `default_to_no` and `suppress_always_allow_rule` restrict how the user may be asked. `plan_missing` is true if the agent asks for the approval of a plan that the server does not know.',
        type: 'object',
        additionalProperties: true,
      },
      expiry: {
        description: 'When the request expires without a reply. Absent if it stays open.',
        $ref: '#/components/schemas/AgentWebkitRequestExpiryData',
      },
      escalation: {
        description:
          'When the request is escalated if it is still open, see `request_escalated`. Absent if it never is.',
        $ref: '#/components/schemas/AgentWebkitRequestEscalationData',
      },
      approvals: {
        description: 'The approvals that the request needs. Absent if one is enough.',
        $ref: '#/components/schemas/AgentWebkitRequestApprovalsData',
      },
      durable: {
        description:
          'True if the request stays open until it is answered, also without an agent and over restarts. False if it ends with its agent although its tool is durable: a sub-agent makes the call, or it could not be stored in time. Absent for other tools.',
        type: 'boolean',
      },
    },
  },
  AgentWebkitPendingRequestAskUserQuestion: {
    type: 'object',
    required: ['event', 'correlation_id', 'questions'],
    properties: {
      time: {
        description: 'When the server appended the event: ISO 8601 in UTC.',
        type: 'string',
        format: 'date-time',
      },
      event: { type: 'string', enum: ['ask_user_question'] },
      escalated_to: {
        description: 'To whom it is escalated, as in `request_escalated`. Absent until then.',
        type: 'array',
        items: { type: 'string' },
      },
      correlation_id: {
        description: 'Identifies the request in the reply and in `request_resolved`.',
        type: 'string',
      },
      questions: {
        description:
          'The input of the tool `AskUserQuestion`: an object whose field `questions` is a list of `{ question, header, options: [{ label, description }], multiSelect }`.',
        type: 'object',
        additionalProperties: true,
      },
      input_digest: {
        description: 'The digest of `questions`, as in `permission_request`.',
        type: 'string',
      },
      expiry: {
        description:
          'When the request expires without a reply. It is then denied. Absent if it stays open.',
        $ref: '#/components/schemas/AgentWebkitRequestExpiryData',
      },
      escalation: {
        description: 'As in `permission_request`.',
        $ref: '#/components/schemas/AgentWebkitRequestEscalationData',
      },
      durable: { description: 'As in `permission_request`.', type: 'boolean' },
    },
  },
  AgentWebkitPendingRequestElicitationRequest: {
    type: 'object',
    required: ['event', 'correlation_id', 'server_name', 'message', 'mode', 'input_digest'],
    properties: {
      time: {
        description: 'When the server appended the event: ISO 8601 in UTC.',
        type: 'string',
        format: 'date-time',
      },
      event: { type: 'string', enum: ['elicitation_request'] },
      correlation_id: {
        description: 'Identifies the request in the reply and in `request_resolved`.',
        type: 'string',
      },
      server_name: {
        description:
          'The name of the MCP server. Show it to the user: the other texts are those of the server.',
        type: 'string',
      },
      message: { description: 'The text of the MCP server for the user.', type: 'string' },
      mode: { type: 'string', enum: ['form', 'url'] },
      requested_schema: {
        description:
          'The form, as a JSON Schema of an object. Its properties are texts, numbers, booleans and choices. Absent with `url`.',
        type: 'object',
        additionalProperties: true,
      },
      url: {
        description:
          'The page to visit, by `http:` or `https:`. Show the whole address before the user opens it. Absent with `form`.',
        type: 'string',
      },
      elicitation_id: {
        description: 'Identifies the request in `elicitation_complete`. Absent with `form`.',
        type: 'string',
      },
      title: { type: 'string' },
      display_name: { type: 'string' },
      description: { type: 'string' },
      input_digest: {
        description:
          'The digest of all other fields but `correlation_id` and `time`, as in `permission_request`.',
        type: 'string',
      },
    },
  },
  AgentWebkitPendingRequestDialogRequest: {
    type: 'object',
    required: ['event', 'correlation_id', 'dialog_kind', 'payload', 'input_digest'],
    properties: {
      time: {
        description: 'When the server appended the event: ISO 8601 in UTC.',
        type: 'string',
        format: 'date-time',
      },
      event: { type: 'string', enum: ['dialog_request'] },
      correlation_id: {
        description: 'Identifies the request in the reply and in `request_resolved`.',
        type: 'string',
      },
      dialog_kind: {
        description:
          'The kind of the dialog, which determines the fields of `payload` and the `result` of the reply.',
        type: 'string',
      },
      payload: { type: 'object', additionalProperties: true },
      tool_use_id: { description: 'The tool call that it belongs to.', type: 'string' },
      input_digest: { description: 'As in `elicitation_request`.', type: 'string' },
    },
  },
  AgentWebkitPendingRequestHookDecisionRequest: {
    type: 'object',
    required: ['event', 'correlation_id', 'hook_event', 'hook_input', 'input_digest'],
    properties: {
      time: {
        description: 'When the server appended the event: ISO 8601 in UTC.',
        type: 'string',
        format: 'date-time',
      },
      event: { type: 'string', enum: ['hook_decision_request'] },
      correlation_id: {
        description: 'Identifies the request in the reply and in `request_resolved`.',
        type: 'string',
      },
      hook_event: {
        description: 'The event of the hook: `PreToolUse`, `UserPromptSubmit` or `PreCompact`.',
        type: 'string',
      },
      hook_input: {
        description:
          'The input of the hook, for example `tool_name` and `tool_input`, without paths of the server.',
        type: 'object',
        additionalProperties: true,
      },
      input_digest: { description: 'As in `elicitation_request`.', type: 'string' },
    },
  },
  AgentWebkitSessionTask: {
    description: "A running task of a session's agent, as in its event.",
    type: 'object',
    required: ['task_id', 'task_type', 'description', 'in_background', 'started_at'],
    properties: {
      task_id: {
        description: 'Identifies the task in `stop_task` and in the other events of the task.',
        type: 'string',
      },
      tool_use_id: { description: 'The tool use that started the task.', type: 'string' },
      parent_task_id: { description: 'The task whose sub-agent started this one.', type: 'string' },
      task_type: {
        description:
          'The kind of the task, as the SDK names it, such as `local_agent` or `local_bash`.',
        type: 'string',
      },
      description: { type: 'string' },
      in_background: {
        description:
          'True if the task continues after its turn. False while its tool use waits for it.',
        type: 'boolean',
      },
      ambient: {
        description: 'Set on a task that only watches, and is no activity.',
        type: 'boolean',
        enum: [true],
      },
      started_at: {
        description: 'When the task started, in ISO 8601 and UTC.',
        type: 'string',
        format: 'date-time',
      },
    },
  },
  AgentWebkitCapabilities: {
    description:
      'The choices of a client in POST /sessions. The host permits all of them, unless `configureSession` refuses one to a caller.',
    type: 'object',
    required: ['permission_modes', 'model', 'models', 'effort_levels'],
    properties: {
      permission_modes: {
        description: 'The modes of `permission_mode`. The first one is the default.',
        type: 'array',
        items: { type: 'string' },
      },
      model: {
        description: "The model of a session that names none; null for the agent's default.",
        type: ['string', 'null'],
      },
      models: {
        description: 'The models of `model`; null for any.',
        type: ['array', 'null'],
        items: { type: 'string' },
      },
      effort_levels: {
        description: 'The levels of `effort`.',
        type: 'array',
        items: { type: 'string' },
      },
    },
  },
  AgentWebkitSessionCapabilities: {
    description:
      'The choices that a client may offer to its user in a session. The host permits all of them. A field that only a running agent can answer is null without one, and when the agent does not answer within 3 seconds.',
    type: 'object',
    required: [
      'session_id',
      'agent',
      'permission_modes',
      'models',
      'effort_levels',
      'commands',
      'agents',
      'mcp_servers',
      'context',
    ],
    properties: {
      session_id: { type: 'string' },
      agent: {
        description:
          "As in the description of the session. With `none`, the agent's fields are null.",
        type: 'string',
        enum: ['running', 'none'],
      },
      permission_modes: {
        description: 'The modes of `set_permission_mode`.',
        type: 'array',
        items: { type: 'string' },
      },
      models: {
        description:
          'The models of `set_model`. Null if the host permits any, and no agent has told its models.',
        type: ['array', 'null'],
        items: { $ref: '#/components/schemas/AgentWebkitOfferedModel' },
      },
      effort_levels: {
        description: 'The levels of `set_effort`.',
        type: 'array',
        items: { type: 'string' },
      },
      commands: {
        type: ['array', 'null'],
        items: { $ref: '#/components/schemas/AgentWebkitOfferedCommand' },
      },
      agents: {
        description: 'The kinds of sub-agents.',
        type: ['array', 'null'],
        items: {
          type: 'object',
          required: ['name', 'description'],
          properties: {
            name: { type: 'string' },
            description: { type: 'string' },
            model: { type: 'string' },
          },
        },
      },
      mcp_servers: {
        description:
          'The MCP servers. `status` is `connected`, `pending`, `failed`, `needs-auth` or `disabled`.',
        type: ['array', 'null'],
        items: {
          type: 'object',
          required: ['name', 'status'],
          properties: { name: { type: 'string' }, status: { type: 'string' } },
        },
      },
      context: {
        oneOf: [{ $ref: '#/components/schemas/AgentWebkitSessionContext' }, { type: 'null' }],
      },
    },
  },
  AgentWebkitOfferedModel: {
    description: 'A model that a client may choose.',
    type: 'object',
    required: ['model'],
    properties: {
      model: {
        description: 'The `model` of `set_model`; null for the default.',
        type: ['string', 'null'],
      },
      resolved_model: {
        description:
          'The id of the model that this name stands for. Absent if no agent has told it, like all fields below.',
        type: 'string',
      },
      name: { type: 'string' },
      description: { type: 'string' },
      effort_levels: {
        description: 'The permitted effort levels of this model.',
        type: 'array',
        items: { type: 'string' },
      },
    },
  },
  AgentWebkitOfferedCommand: {
    description: 'A slash command that a client may send.',
    type: 'object',
    required: ['name', 'description', 'argument_hint'],
    properties: {
      name: { description: 'Without the slash.', type: 'string' },
      description: { type: 'string' },
      argument_hint: {
        description: 'The arguments, such as `<file>`; empty for none.',
        type: 'string',
      },
      aliases: {
        description: 'Other names of the command that a client may send.',
        type: 'array',
        items: { type: 'string' },
      },
    },
  },
  AgentWebkitSessionContext: {
    description: "How much of the model's context is in use.",
    type: 'object',
    required: ['model', 'total_tokens', 'max_tokens', 'percentage', 'categories'],
    properties: {
      model: { type: 'string' },
      total_tokens: { type: 'number' },
      max_tokens: { type: 'number' },
      percentage: { description: 'From 0 to 100.', type: 'number' },
      categories: {
        description:
          'The parts of the context. `kind` is `used`, `free`, `buffer` or `deferred`; only `used` parts occupy it.',
        type: 'array',
        items: {
          type: 'object',
          required: ['name', 'tokens', 'kind'],
          properties: {
            id: { type: 'string' },
            name: { type: 'string' },
            tokens: { type: 'number' },
            kind: { type: 'string' },
          },
        },
      },
    },
  },
  AgentWebkitSessionsPage: {
    description: 'The response to GET /sessions.',
    type: 'object',
    required: ['sessions', 'next_cursor'],
    properties: {
      sessions: { type: 'array', items: { $ref: '#/components/schemas/AgentWebkitSessionInfo' } },
      next_cursor: {
        description: 'The `cursor` of the next page; null on the last page.',
        type: ['string', 'null'],
      },
    },
  },
  AgentWebkitRequestsPage: {
    description: 'The response to GET /requests.',
    type: 'object',
    required: ['requests', 'next_cursor'],
    properties: {
      requests: { type: 'array', items: { $ref: '#/components/schemas/AgentWebkitListedRequest' } },
      next_cursor: {
        description: 'The `cursor` of the next page; null on the last page.',
        type: ['string', 'null'],
      },
    },
  },
  AgentWebkitListedRequest: {
    description:
      "An open request of one of the caller's sessions, as in its event, with its approvals so far. Times are ISO 8601 in UTC.",
    oneOf: [
      { $ref: '#/components/schemas/AgentWebkitListedRequestPermissionRequest' },
      { $ref: '#/components/schemas/AgentWebkitListedRequestAskUserQuestion' },
      { $ref: '#/components/schemas/AgentWebkitListedRequestElicitationRequest' },
      { $ref: '#/components/schemas/AgentWebkitListedRequestDialogRequest' },
      { $ref: '#/components/schemas/AgentWebkitListedRequestHookDecisionRequest' },
    ],
    discriminator: {
      propertyName: 'event',
      mapping: {
        permission_request: '#/components/schemas/AgentWebkitListedRequestPermissionRequest',
        ask_user_question: '#/components/schemas/AgentWebkitListedRequestAskUserQuestion',
        elicitation_request: '#/components/schemas/AgentWebkitListedRequestElicitationRequest',
        dialog_request: '#/components/schemas/AgentWebkitListedRequestDialogRequest',
        hook_decision_request: '#/components/schemas/AgentWebkitListedRequestHookDecisionRequest',
      },
    },
  },
  AgentWebkitListedRequestPermissionRequest: {
    type: 'object',
    required: [
      'session_id',
      'opened_at',
      'event',
      'correlation_id',
      'tool_name',
      'input',
      'context',
    ],
    properties: {
      session_id: { type: 'string' },
      opened_at: { type: 'string', format: 'date-time' },
      time: {
        description: 'When the server appended the event: ISO 8601 in UTC.',
        type: 'string',
        format: 'date-time',
      },
      event: { type: 'string', enum: ['permission_request'] },
      approved_by: {
        description: 'The ids of the callers who have approved it, if it needs several approvals.',
        type: 'array',
        items: { type: 'string' },
      },
      escalated_to: {
        description: 'To whom it is escalated, as in `request_escalated`. Absent until then.',
        type: 'array',
        items: { type: 'string' },
      },
      correlation_id: {
        description: 'Identifies the request in the reply and in `request_resolved`.',
        type: 'string',
      },
      tool_name: { type: 'string' },
      input: {
        description:
          'The input of the tool. That of `ExitPlanMode` has the plan in the field `plan`: at most 262,144 characters of it, and then a note. A reply without `updated_input` approves the whole plan.',
        type: 'object',
        additionalProperties: true,
      },
      input_digest: {
        description:
          'The digest of `input`: `sha256:` and the SHA-256 of its canonical JSON (RFC 8785) in hexadecimal digits. Send it back in the reply, so that it can only resolve this input. Absent in events of an earlier version.',
        type: 'string',
      },
      context: {
        description:
          'Details for the user from the SDK: `tool_use_id`, and optional fields such as `title`, `suggestions` and `mcp_server`. `default_to_no` and `suppress_always_allow_rule` restrict how the user may be asked. `plan_missing` is true if the agent asks for the approval of a plan that the server does not know.',
        type: 'object',
        additionalProperties: true,
      },
      expiry: {
        description: 'When the request expires without a reply. Absent if it stays open.',
        $ref: '#/components/schemas/AgentWebkitRequestExpiryData',
      },
      escalation: {
        description:
          'When the request is escalated if it is still open, see `request_escalated`. Absent if it never is.',
        $ref: '#/components/schemas/AgentWebkitRequestEscalationData',
      },
      approvals: {
        description: 'The approvals that the request needs. Absent if one is enough.',
        $ref: '#/components/schemas/AgentWebkitRequestApprovalsData',
      },
      durable: {
        description:
          'True if the request stays open until it is answered, also without an agent and over restarts. False if it ends with its agent although its tool is durable: a sub-agent makes the call, or it could not be stored in time. Absent for other tools.',
        type: 'boolean',
      },
    },
  },
  AgentWebkitListedRequestAskUserQuestion: {
    type: 'object',
    required: ['session_id', 'opened_at', 'event', 'correlation_id', 'questions'],
    properties: {
      session_id: { type: 'string' },
      opened_at: { type: 'string', format: 'date-time' },
      time: {
        description: 'When the server appended the event: ISO 8601 in UTC.',
        type: 'string',
        format: 'date-time',
      },
      event: { type: 'string', enum: ['ask_user_question'] },
      escalated_to: {
        description: 'To whom it is escalated, as in `request_escalated`. Absent until then.',
        type: 'array',
        items: { type: 'string' },
      },
      correlation_id: {
        description: 'Identifies the request in the reply and in `request_resolved`.',
        type: 'string',
      },
      questions: {
        description:
          'The input of the tool `AskUserQuestion`: an object whose field `questions` is a list of `{ question, header, options: [{ label, description }], multiSelect }`.',
        type: 'object',
        additionalProperties: true,
      },
      input_digest: {
        description: 'The digest of `questions`, as in `permission_request`.',
        type: 'string',
      },
      expiry: {
        description:
          'When the request expires without a reply. It is then denied. Absent if it stays open.',
        $ref: '#/components/schemas/AgentWebkitRequestExpiryData',
      },
      escalation: {
        description: 'As in `permission_request`.',
        $ref: '#/components/schemas/AgentWebkitRequestEscalationData',
      },
      durable: { description: 'As in `permission_request`.', type: 'boolean' },
    },
  },
  AgentWebkitListedRequestElicitationRequest: {
    type: 'object',
    required: [
      'session_id',
      'opened_at',
      'event',
      'correlation_id',
      'server_name',
      'message',
      'mode',
      'input_digest',
    ],
    properties: {
      session_id: { type: 'string' },
      opened_at: { type: 'string', format: 'date-time' },
      time: {
        description: 'When the server appended the event: ISO 8601 in UTC.',
        type: 'string',
        format: 'date-time',
      },
      event: { type: 'string', enum: ['elicitation_request'] },
      correlation_id: {
        description: 'Identifies the request in the reply and in `request_resolved`.',
        type: 'string',
      },
      server_name: {
        description:
          'The name of the MCP server. Show it to the user: the other texts are those of the server.',
        type: 'string',
      },
      message: { description: 'The text of the MCP server for the user.', type: 'string' },
      mode: { type: 'string', enum: ['form', 'url'] },
      requested_schema: {
        description:
          'The form, as a JSON Schema of an object. Its properties are texts, numbers, booleans and choices. Absent with `url`.',
        type: 'object',
        additionalProperties: true,
      },
      url: {
        description:
          'The page to visit, by `http:` or `https:`. Show the whole address before the user opens it. Absent with `form`.',
        type: 'string',
      },
      elicitation_id: {
        description: 'Identifies the request in `elicitation_complete`. Absent with `form`.',
        type: 'string',
      },
      title: { type: 'string' },
      display_name: { type: 'string' },
      description: { type: 'string' },
      input_digest: {
        description:
          'The digest of all other fields but `correlation_id` and `time`, as in `permission_request`.',
        type: 'string',
      },
    },
  },
  AgentWebkitListedRequestDialogRequest: {
    type: 'object',
    required: [
      'session_id',
      'opened_at',
      'event',
      'correlation_id',
      'dialog_kind',
      'payload',
      'input_digest',
    ],
    properties: {
      session_id: { type: 'string' },
      opened_at: { type: 'string', format: 'date-time' },
      time: {
        description: 'When the server appended the event: ISO 8601 in UTC.',
        type: 'string',
        format: 'date-time',
      },
      event: { type: 'string', enum: ['dialog_request'] },
      correlation_id: {
        description: 'Identifies the request in the reply and in `request_resolved`.',
        type: 'string',
      },
      dialog_kind: {
        description:
          'The kind of the dialog, which determines the fields of `payload` and the `result` of the reply.',
        type: 'string',
      },
      payload: { type: 'object', additionalProperties: true },
      tool_use_id: { description: 'The tool call that it belongs to.', type: 'string' },
      input_digest: { description: 'As in `elicitation_request`.', type: 'string' },
    },
  },
  AgentWebkitListedRequestHookDecisionRequest: {
    type: 'object',
    required: [
      'session_id',
      'opened_at',
      'event',
      'correlation_id',
      'hook_event',
      'hook_input',
      'input_digest',
    ],
    properties: {
      session_id: { type: 'string' },
      opened_at: { type: 'string', format: 'date-time' },
      time: {
        description: 'When the server appended the event: ISO 8601 in UTC.',
        type: 'string',
        format: 'date-time',
      },
      event: { type: 'string', enum: ['hook_decision_request'] },
      correlation_id: {
        description: 'Identifies the request in the reply and in `request_resolved`.',
        type: 'string',
      },
      hook_event: {
        description: 'The event of the hook: `PreToolUse`, `UserPromptSubmit` or `PreCompact`.',
        type: 'string',
      },
      hook_input: {
        description:
          'The input of the hook, for example `tool_name` and `tool_input`, without paths of the server.',
        type: 'object',
        additionalProperties: true,
      },
      input_digest: { description: 'As in `elicitation_request`.', type: 'string' },
    },
  },
  AgentWebkitUsage: {
    description: 'The response to GET /usage.',
    type: 'object',
    required: ['from', 'to', 'usage', 'budget'],
    properties: {
      from: { description: 'The first day.', type: 'string' },
      to: { description: 'The last day.', type: 'string' },
      usage: {
        description:
          'In the order of their days, and those of the same day in that of their models. Days without usage have none.',
        type: 'array',
        items: { $ref: '#/components/schemas/AgentWebkitDailyUsage' },
      },
      budget: {
        description: 'The budget of the present UTC day; null if the server sets none.',
        oneOf: [{ $ref: '#/components/schemas/AgentWebkitDailyBudget' }, { type: 'null' }],
      },
    },
  },
  AgentWebkitDailyUsage: {
    description: 'The usage of one model by the sessions of the caller on one UTC day.',
    type: 'object',
    required: [
      'day',
      'model',
      'cost_usd',
      'input_tokens',
      'output_tokens',
      'cache_read_input_tokens',
      'cache_creation_input_tokens',
      'turns',
    ],
    properties: {
      day: { description: 'As `YYYY-MM-DD`.', type: 'string' },
      model: {
        description:
          'The name of the model; `unknown` for what the agent did not report by model, such as the cost of a turn that was cut off.',
        type: 'string',
      },
      cost_usd: { type: 'number' },
      input_tokens: { type: 'number' },
      output_tokens: { type: 'number' },
      cache_read_input_tokens: { type: 'number' },
      cache_creation_input_tokens: { type: 'number' },
      turns: {
        description:
          'The number of turns that ended. A turn of several models is counted for the one that cost most.',
        type: 'number',
      },
    },
  },
  AgentWebkitDailyBudget: {
    description: "The budget of the caller's sessions for the present UTC day.",
    type: 'object',
    required: ['max_usd', 'spent_usd', 'resets_at'],
    properties: {
      max_usd: { type: 'number' },
      spent_usd: {
        description: 'More than `max_usd` if the last turns cost more than what was left.',
        type: 'number',
      },
      resets_at: {
        description: 'The beginning of the next UTC day.',
        type: 'string',
        format: 'date-time',
      },
    },
  },
  AgentWebkitGenuiSchema: {
    description: 'The components that the agents of a server can render.',
    type: 'object',
    required: ['version', 'server_name', 'prefix', 'tools'],
    properties: {
      version: { type: 'string', enum: ['1.0'] },
      server_name: { description: 'The MCP server of the tools that render them.', type: 'string' },
      prefix: {
        description: 'The text before the short name of each component, in the name of its tool.',
        type: 'string',
      },
      tools: { type: 'array', items: { $ref: '#/components/schemas/AgentWebkitGenuiTool' } },
    },
  },
  AgentWebkitGenuiTool: {
    description: 'A component, and the tool by which an agent renders it.',
    type: 'object',
    required: ['name', 'short_name', 'raw_tool_name', 'description', 'schema'],
    properties: {
      name: {
        description:
          'The name in the events `tool_use` and `message_delta`: `mcp__<server_name>__<raw_tool_name>`.',
        type: 'string',
      },
      short_name: { description: 'The name of the component for clients.', type: 'string' },
      raw_tool_name: {
        description: 'The name of the tool in its MCP server: `prefix` and `short_name`.',
        type: 'string',
      },
      description: { type: 'string' },
      schema: {
        description: 'The JSON Schema of the props.',
        type: 'object',
        additionalProperties: true,
      },
    },
  },
  AgentWebkitEventsPage: {
    description: 'The response to GET /sessions/:id/events.',
    type: 'object',
    required: ['events', 'last_id', 'has_more'],
    properties: {
      events: { type: 'array', items: { $ref: '#/components/schemas/AgentWebkitEvent' } },
      last_id: {
        description: "The id of the session's last event.",
        type: 'integer',
        minimum: 0,
        format: 'int64',
      },
      has_more: {
        description: 'True if the session has events after the last one of this page.',
        type: 'boolean',
      },
    },
  },
  AgentWebkitDecisionRecord: {
    description:
      'A line of GET /sessions/:id/decisions: how one request of the agent was resolved. Times are ISO 8601 in UTC.',
    type: 'object',
    required: [
      'number',
      'prev',
      'hash',
      'session_id',
      'correlation_id',
      'kind',
      'tool_name',
      'input',
      'input_digest',
      'opened_at',
      'outcome',
      'by',
      'at',
    ],
    properties: {
      number: { description: 'The number of the decision in its session, from 1.', type: 'number' },
      prev: {
        description: 'The hash of the decision before; null for the first one.',
        type: ['string', 'null'],
      },
      hash: {
        description:
          'The hash of this decision, which covers everything recorded about it except the inputs, whose digests it covers.',
        type: 'string',
      },
      session_id: { type: 'string' },
      correlation_id: { type: 'string' },
      kind: { $ref: '#/components/schemas/AgentWebkitRequestKind' },
      tool_name: { type: 'string' },
      input: {
        description: 'The input of the tool, or the questions, as clients were shown it.',
        type: 'object',
        additionalProperties: true,
      },
      input_digest: {
        description: 'The digest of `input`, as in the event of the request.',
        type: 'string',
      },
      opened_at: {
        description:
          'When the request was opened; null if an earlier version of the server opened it.',
        type: ['string', 'null'],
      },
      outcome: { $ref: '#/components/schemas/AgentWebkitRequestOutcome' },
      by: {
        description:
          'The id of the caller who answered; null if the request expired or was cancelled.',
        type: ['string', 'null'],
      },
      approved_by: {
        description:
          'The ids of all callers who approved it, in their order, if it needed several approvals.',
        type: 'array',
        items: { type: 'string' },
      },
      escalated_to: {
        description: 'To whom it was escalated, if that happened.',
        type: 'array',
        items: { type: 'string' },
      },
      expired: {
        description: 'Set if the request was allowed because it expired.',
        type: 'boolean',
        enum: [true],
      },
      at: { description: 'When the request was resolved.', type: 'string' },
      updated_input: {
        description:
          'The input that was allowed, if it is not the one that was shown: an edited input, or questions with their answers.',
        type: 'object',
        additionalProperties: true,
      },
      updated_input_digest: { description: 'The digest of `updated_input`.', type: 'string' },
    },
  },
  AgentWebkitAdminSession: {
    description:
      'A session as operators see it: never its title, its metadata or its content. Times are ISO 8601 in UTC.',
    type: 'object',
    required: [
      'session_id',
      'owner',
      'state',
      'agent',
      'model',
      'permission_mode',
      'created_at',
      'last_activity_at',
      'server',
      'members',
      'subscribers',
      'open_requests',
      'running_tasks',
      'last_id',
      'total_cost_usd',
    ],
    properties: {
      session_id: { type: 'string' },
      owner: { description: 'The id of the caller who created the session.', type: 'string' },
      state: { $ref: '#/components/schemas/AgentWebkitSessionStateName' },
      agent: {
        description: '`none` while the session has no agent.',
        type: 'string',
        enum: ['running', 'none'],
      },
      model: { type: ['string', 'null'] },
      permission_mode: { type: 'string' },
      sandbox: {
        description:
          'The sandbox of its agents, as in the description of the session. Absent if the agents do not tell.',
        type: 'string',
      },
      created_at: { type: 'string', format: 'date-time' },
      last_activity_at: { type: 'string', format: 'date-time' },
      server: {
        description:
          'The address of the server that has the session, as in `GET /admin/servers`; null if no server has it, or only one uses the storage.',
        type: ['string', 'null'],
      },
      members: { description: 'The number of callers with whom it is shared.', type: 'number' },
      subscribers: { description: 'The number of open streams.', type: 'integer', minimum: 0 },
      open_requests: {
        description: 'The number of requests that wait for people.',
        type: 'number',
      },
      running_tasks: { description: 'The number of running tasks of the agent.', type: 'number' },
      last_id: { type: 'integer', minimum: 0, format: 'int64' },
      total_cost_usd: { type: 'number' },
    },
  },
  AgentWebkitAdminSessionsPage: {
    description: 'The response to GET /admin/sessions.',
    type: 'object',
    required: ['sessions', 'next_cursor'],
    properties: {
      sessions: { type: 'array', items: { $ref: '#/components/schemas/AgentWebkitAdminSession' } },
      next_cursor: {
        description: 'The `cursor` of the next page; null on the last page.',
        type: ['string', 'null'],
      },
    },
  },
  AgentWebkitAdminServer: {
    description: 'A server as operators see it.',
    type: 'object',
    required: ['address', 'current', 'state', 'report'],
    properties: {
      address: {
        description:
          'Its name among those that share the storage, different for each start of a process; null if only one uses the storage.',
        type: ['string', 'null'],
      },
      current: { description: 'True for the server that has answered.', type: 'boolean' },
      state: {
        description: '`draining` while it ends its work and takes over nothing.',
        type: 'string',
        enum: ['active', 'draining'],
      },
      report: {
        description: 'Null if it has not replied within 5 seconds, or has an earlier version.',
        oneOf: [{ $ref: '#/components/schemas/AgentWebkitAdminServerReport' }, { type: 'null' }],
      },
    },
  },
  AgentWebkitAdminServerReport: {
    description: 'The description that a server gives of itself.',
    type: 'object',
    required: ['host', 'pid', 'started_at', 'work'],
    properties: {
      host: { description: 'The name of its machine.', type: 'string' },
      pid: { type: 'number' },
      started_at: {
        description: 'When its process started, in ISO 8601 and UTC.',
        type: 'string',
        format: 'date-time',
      },
      work: { $ref: '#/components/schemas/AgentWebkitAdminServerWork' },
    },
  },
  AgentWebkitAdminServerWork: {
    description:
      'The work of a server at one moment. Sessions that are only in the storage are not counted.',
    type: 'object',
    required: ['sessions', 'agents', 'queued_messages', 'open_requests', 'subscribers'],
    properties: {
      sessions: {
        description: 'The number of sessions in its memory, by state.',
        type: 'object',
        properties: {
          idle: { type: 'number' },
          running: { type: 'number' },
          awaiting: { type: 'number' },
          dormant: { type: 'number' },
          closed: { type: 'number' },
        },
      },
      agents: {
        type: 'object',
        required: ['running', 'warm', 'free', 'max', 'waiting'],
        properties: {
          running: { description: 'Those that sessions have.', type: 'number' },
          warm: { description: 'Those that were started ahead of their sessions.', type: 'number' },
          free: { description: 'How many more could start now.', type: 'number' },
          max: { type: 'number' },
          waiting: { description: 'The number of sessions that wait for one.', type: 'number' },
        },
      },
      queued_messages: { type: 'number' },
      open_requests: { type: 'number' },
      subscribers: { type: 'integer', minimum: 0 },
    },
  },
  AgentWebkitAdminServers: {
    description: 'The response to GET /admin/servers.',
    type: 'object',
    required: ['servers'],
    properties: {
      servers: { type: 'array', items: { $ref: '#/components/schemas/AgentWebkitAdminServer' } },
    },
  },
  AgentWebkitNotificationRequestOpened: {
    description: 'The agent waits for a person.',
    type: 'object',
    required: ['type', 'timestamp', 'data'],
    properties: {
      type: { type: 'string', enum: ['request.opened'] },
      timestamp: {
        description: 'When the event was appended: ISO 8601 in UTC.',
        type: 'string',
        format: 'date-time',
      },
      data: {
        type: 'object',
        required: ['session_id', 'owner', 'event_id', 'correlation_id', 'kind', 'tool_name'],
        properties: {
          session_id: { type: 'string' },
          owner: { description: 'The id of the caller who owns the session.', type: 'string' },
          event_id: {
            description:
              'The id of the event that the notification is about, as the streams of the session have it.',
            type: 'integer',
            minimum: 0,
            format: 'int64',
          },
          correlation_id: { type: 'string' },
          kind: { $ref: '#/components/schemas/AgentWebkitRequestKind' },
          tool_name: { description: 'At most 200 characters.', type: 'string' },
        },
      },
    },
  },
  AgentWebkitNotificationRequestEscalated: {
    description: 'A request was not resolved in time, and was escalated.',
    type: 'object',
    required: ['type', 'timestamp', 'data'],
    properties: {
      type: { type: 'string', enum: ['request.escalated'] },
      timestamp: {
        description: 'When the event was appended: ISO 8601 in UTC.',
        type: 'string',
        format: 'date-time',
      },
      data: {
        type: 'object',
        required: ['session_id', 'owner', 'event_id', 'correlation_id', 'kind', 'tool_name', 'to'],
        properties: {
          session_id: { type: 'string' },
          owner: { description: 'The id of the caller who owns the session.', type: 'string' },
          event_id: {
            description:
              'The id of the event that the notification is about, as the streams of the session have it.',
            type: 'integer',
            minimum: 0,
            format: 'int64',
          },
          correlation_id: { type: 'string' },
          kind: { $ref: '#/components/schemas/AgentWebkitRequestKind' },
          tool_name: { description: 'At most 200 characters.', type: 'string' },
          to: {
            description:
              'The ids of callers, or other names that the host uses: 1 to 20, each of at most 200 characters.',
            type: 'array',
            items: { type: 'string' },
          },
        },
      },
    },
  },
  AgentWebkitNotificationRequestResolved: {
    description: 'A request was answered, expired or was cancelled.',
    type: 'object',
    required: ['type', 'timestamp', 'data'],
    properties: {
      type: { type: 'string', enum: ['request.resolved'] },
      timestamp: {
        description: 'When the event was appended: ISO 8601 in UTC.',
        type: 'string',
        format: 'date-time',
      },
      data: {
        type: 'object',
        required: ['session_id', 'owner', 'event_id', 'correlation_id', 'kind', 'outcome'],
        properties: {
          session_id: { type: 'string' },
          owner: { description: 'The id of the caller who owns the session.', type: 'string' },
          event_id: {
            description:
              'The id of the event that the notification is about, as the streams of the session have it.',
            type: 'integer',
            minimum: 0,
            format: 'int64',
          },
          correlation_id: { type: 'string' },
          kind: { $ref: '#/components/schemas/AgentWebkitRequestKind' },
          outcome: { $ref: '#/components/schemas/AgentWebkitRequestOutcome' },
          by: {
            description:
              'The id of the caller who answered. Absent if the request expired or was cancelled.',
            type: 'string',
          },
        },
      },
    },
  },
  AgentWebkitNotificationTurnEnded: {
    description: 'A turn ended, also one that failed.',
    type: 'object',
    required: ['type', 'timestamp', 'data'],
    properties: {
      type: { type: 'string', enum: ['turn.ended'] },
      timestamp: {
        description: 'When the event was appended: ISO 8601 in UTC.',
        type: 'string',
        format: 'date-time',
      },
      data: {
        type: 'object',
        required: [
          'session_id',
          'owner',
          'event_id',
          'subtype',
          'is_error',
          'duration_ms',
          'total_cost_usd',
          'session_cost_usd',
        ],
        properties: {
          session_id: { type: 'string' },
          owner: { description: 'The id of the caller who owns the session.', type: 'string' },
          event_id: {
            description:
              'The id of the event that the notification is about, as the streams of the session have it.',
            type: 'integer',
            minimum: 0,
            format: 'int64',
          },
          subtype: { type: 'string' },
          is_error: { type: 'boolean' },
          duration_ms: { type: 'number' },
          total_cost_usd: { description: 'The cost of the turn in US dollars.', type: 'number' },
          session_cost_usd: {
            description: 'The cost of the session so far in US dollars.',
            type: 'number',
          },
        },
      },
    },
  },
  AgentWebkitNotificationSessionFailed: {
    description: 'The session has an event `error`.',
    type: 'object',
    required: ['type', 'timestamp', 'data'],
    properties: {
      type: { type: 'string', enum: ['session.failed'] },
      timestamp: {
        description: 'When the event was appended: ISO 8601 in UTC.',
        type: 'string',
        format: 'date-time',
      },
      data: {
        type: 'object',
        required: ['session_id', 'owner', 'event_id', 'code'],
        properties: {
          session_id: { type: 'string' },
          owner: { description: 'The id of the caller who owns the session.', type: 'string' },
          event_id: {
            description:
              'The id of the event that the notification is about, as the streams of the session have it.',
            type: 'integer',
            minimum: 0,
            format: 'int64',
          },
          code: { type: 'string' },
        },
      },
    },
  },
};
