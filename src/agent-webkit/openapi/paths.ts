import type { ErrorCode } from '../engine/errors.js';
import { ERROR_STATUS } from '../hosting/error-status.js';
import { ListSessionsDto, ReadEventsDto } from '../protocol/dto.js';
import { propertiesOf } from '../protocol/dto-schema.js';
import { type JsonSchema, refer } from './schemas.js';

/** The errors of every route: authentication, authorization, and a storage that is unavailable. */
const ALWAYS = ['unauthorized', 'forbidden', 'storage_unavailable'] as const;

/** A path item of OpenAPI: operations by their method. */
export type PathItem = { readonly [method: string]: JsonSchema };

const SECURITY = [{ agentWebkitBearer: [] }];
const sessionId = {
  name: 'id',
  in: 'path',
  required: true,
  description: 'The id of the session.',
  schema: { type: 'string' },
};
const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  description: 'A request whose key was accepted before is not executed again.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

interface Operation {
  operationId: string;
  summary: string;
  parameters?: object[];
  body?: JsonSchema;
  /** The successful response: its status, and its content by media type. */
  answer: readonly [status: number, description: string, content?: Record<string, JsonSchema>];
  refusals: readonly ErrorCode[];
}

function operation({ operationId, summary, parameters, body, answer, refusals }: Operation) {
  const [status, description, content] = answer;
  return {
    operationId: `agentWebkit_${operationId}`,
    summary,
    tags: ['agent sessions'],
    security: SECURITY,
    ...(parameters && { parameters }),
    ...(body && { requestBody: { required: true, content: { 'application/json': body } } }),
    responses: {
      [status]: { description, ...(content && { content }) },
      ...describeRefusals([...refusals, ...ALWAYS]),
    },
  };
}

function describeRefusals(codes: readonly ErrorCode[]) {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    byStatus.set(ERROR_STATUS[code], [...(byStatus.get(ERROR_STATUS[code]) ?? []), code]);
  }
  const entries = [...byStatus].sort(([one], [other]) => one - other);
  return Object.fromEntries(
    entries.map(([status, ofStatus]) => [
      status,
      {
        description: ofStatus.join(', '),
        ...((status === 429 || status === 503) && {
          headers: {
            'Retry-After': { description: 'Seconds.', schema: { type: 'integer', minimum: 1 } },
          },
        }),
        content: {
          'application/json': {
            schema: {
              allOf: [
                refer('AgentWebkitRefusal'),
                { properties: { code: { enum: ofStatus }, statusCode: { enum: [status] } } },
              ],
            },
          },
        },
      },
    ]),
  );
}

const json = (schema: string) => ({ 'application/json': { schema: refer(schema) } });
const list = propertiesOf(ListSessionsDto);
const events = propertiesOf(ReadEventsDto);
const query = (name: string, schema: JsonSchema | undefined, description: string) => ({
  name,
  in: 'query',
  description,
  schema,
});

/** Every route, by its path in the notation of OpenAPI. */
export const PATHS: Readonly<Record<string, PathItem>> = {
  '/sessions': {
    post: operation({
      operationId: 'create',
      summary: 'Creates a session.',
      parameters: [idempotencyKey],
      body: { schema: refer('AgentWebkitCreateSession'), example: {} },
      answer: [200, 'The session.', json('AgentWebkitCreatedSession')],
      refusals: [
        'invalid_request',
        'payload_too_large',
        'too_many_sessions',
        'too_many_creations',
        'shutting_down',
      ],
    }),
    get: operation({
      operationId: 'list',
      summary: 'Lists the sessions of the caller, most recently active first.',
      parameters: [
        query('limit', list['limit'], 'The maximum number of sessions.'),
        query(
          'cursor',
          list['cursor'],
          'The `next_cursor` of the previous page. A session may appear on two pages.',
        ),
      ],
      answer: [200, 'A page of sessions.', json('AgentWebkitSessionsPage')],
      refusals: ['invalid_request'],
    }),
  },
  '/sessions/{id}': {
    get: operation({
      operationId: 'info',
      summary: 'Returns one session: its state, its configuration and its open requests.',
      parameters: [sessionId],
      answer: [200, 'The session.', json('AgentWebkitSessionInfo')],
      refusals: ['session_not_found'],
    }),
    delete: operation({
      operationId: 'delete',
      summary: 'Ends a session and deletes its data.',
      parameters: [sessionId],
      answer: [204, 'The session was deleted. Its streams receive `done` and end.'],
      refusals: ['session_not_found'],
    }),
  },
  '/sessions/{id}/events': {
    get: operation({
      operationId: 'events',
      summary: 'Returns a page of the events of a session.',
      parameters: [
        sessionId,
        query('after', events['after'], 'The id after which the page begins.'),
        query('limit', events['limit'], 'The maximum number of events.'),
      ],
      answer: [200, 'A page of events.', json('AgentWebkitEventsPage')],
      refusals: ['invalid_request', 'session_not_found', 'cursor_evicted', 'cursor_ahead'],
    }),
  },
  '/sessions/{id}/stream': {
    get: operation({
      operationId: 'stream',
      summary: 'Streams the events of a session: first the missed ones, then new ones.',
      parameters: [
        sessionId,
        {
          name: 'Last-Event-ID',
          in: 'header',
          description:
            'The id of the last received event. By default, the stream starts with the oldest event.',
          schema: { type: 'string', pattern: '^\\d{1,15}$' },
        },
        query(
          'last_event_id',
          { type: 'string', pattern: '^\\d{1,15}$' },
          'The same as `Last-Event-ID`, in the query.',
        ),
      ],
      answer: [
        200,
        'Frames of `id`, `event` and `data`. The JSON of `data` depends on the event.',
        { 'text/event-stream': { schema: { type: 'string' } } },
      ],
      refusals: [
        'invalid_request',
        'session_not_found',
        'cursor_evicted',
        'cursor_ahead',
        'too_many_subscribers',
      ],
    }),
  },
  '/sessions/{id}/input': {
    post: operation({
      operationId: 'input',
      summary: 'Sends a message to a session.',
      parameters: [sessionId, idempotencyKey],
      body: {
        schema: refer('AgentWebkitInboundMessage'),
        example: { type: 'user_message', content: 'help' },
      },
      answer: [204, 'The message was accepted and is durable.'],
      refusals: [
        'invalid_request',
        'session_not_found',
        'no_pending_request',
        'no_running_task',
        'payload_too_large',
        'agents_busy',
        'backpressure',
        'shutting_down',
      ],
    }),
  },
};
