import type { ErrorCode } from '../engine/errors.js';
import { ERROR_STATUS } from '../http/http-errors.js';
import { type JsonSchema, refer } from './schemas.js';

/** What may be refused by every route: who is not known, not allowed, or when the storage is away. */
const ALWAYS = ['unauthorized', 'forbidden', 'storage_unavailable'] as const;

/** What OpenAPI calls a path item: operations by their method. */
export type PathItem = { readonly [method: string]: JsonSchema };

const SECURITY = [{ agentWebkitBearer: [] }];
const sessionId = {
  name: 'id',
  in: 'path',
  required: true,
  description: 'The session’s id.',
  schema: { type: 'string' },
};
const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  description: 'What was accepted with the same key before is not done again.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

interface Operation {
  operationId: string;
  summary: string;
  parameters?: object[];
  body?: JsonSchema;
  /** The answer to a request that is not refused: its status, and what is in it. */
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
const query = (name: string, schema: JsonSchema, description: string) => ({
  name,
  in: 'query',
  description,
  schema,
});

/** Every route, by its path in the manner of OpenAPI. */
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
      summary: 'Lists the caller’s own sessions, newest activity first.',
      parameters: [
        query('limit', { type: 'integer', minimum: 1, maximum: 100, default: 50 }, 'How many.'),
        query('cursor', { type: 'string', maxLength: 256 }, 'The next_cursor of a page.'),
      ],
      answer: [200, 'A page of sessions.', json('AgentWebkitSessionsPage')],
      refusals: ['invalid_request'],
    }),
  },
  '/sessions/{id}': {
    get: operation({
      operationId: 'info',
      summary: 'Tells about one session: its state, its configuration, what is pending.',
      parameters: [sessionId],
      answer: [200, 'The session.', json('AgentWebkitSessionInfo')],
      refusals: ['session_not_found'],
    }),
    delete: operation({
      operationId: 'delete',
      summary: 'Ends a session and removes all that is kept of it.',
      parameters: [sessionId],
      answer: [204, 'It is gone. Its streams get `done`, and end.'],
      refusals: ['session_not_found'],
    }),
  },
  '/sessions/{id}/events': {
    get: operation({
      operationId: 'events',
      summary: 'Reads a page of a session’s events.',
      parameters: [
        sessionId,
        query('after', { type: 'integer', minimum: 0, default: 0 }, 'The id before the first.'),
        query(
          'limit',
          { type: 'integer', minimum: 1, maximum: 1000, default: 1000 },
          'How many events.',
        ),
      ],
      answer: [200, 'A page of events.', json('AgentWebkitEventsPage')],
      refusals: ['invalid_request', 'session_not_found', 'cursor_evicted', 'cursor_ahead'],
    }),
  },
  '/sessions/{id}/stream': {
    get: operation({
      operationId: 'stream',
      summary: 'Follows a session: what was missed, then what happens.',
      parameters: [
        sessionId,
        {
          name: 'Last-Event-ID',
          in: 'header',
          description: 'The id of the last event that was seen. Without it, from the beginning.',
          schema: { type: 'string', pattern: '^\\d{1,15}$' },
        },
        query('last_event_id', { type: 'string', pattern: '^\\d{1,15}$' }, 'The same, by query.'),
      ],
      answer: [
        200,
        'Frames of `id`, `event` and `data`, whose JSON depends on the event.',
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
      answer: [204, 'It is accepted, for good.'],
      refusals: [
        'invalid_request',
        'session_not_found',
        'no_pending_request',
        'payload_too_large',
        'agents_busy',
        'backpressure',
        'shutting_down',
      ],
    }),
  },
};
