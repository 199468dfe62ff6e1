import {
  ListRequestsDto,
  ListSessionsDto,
  ReadDecisionsDto,
  ReadEventsDto,
  ReadUsageDto,
} from '../protocol/dto.js';
import { propertiesOf } from '../protocol/dto-schema.js';
import { json, operation, type PathItem, query, sessionId } from './operation.js';
import { refer } from './schemas.js';

const messageId = {
  name: 'message_id',
  in: 'path',
  required: true,
  description: 'The id of a queued message.',
  schema: { type: 'string', format: 'uuid' },
};
const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  description: 'A request whose key was accepted before is not executed again.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};
const CURSOR = { type: 'string', pattern: '^[\\w-]{1,8000}$' };
const list = propertiesOf(ListSessionsDto);
const requests = propertiesOf(ListRequestsDto);
const usage = propertiesOf(ReadUsageDto);
const events = propertiesOf(ReadEventsDto);
const decisions = propertiesOf(ReadDecisionsDto);
/** Every route, by its path in the notation of OpenAPI. */
export const PATHS: Readonly<Record<string, PathItem>> = {
  '/sessions': {
    post: operation({
      operationId: 'create',
      summary: 'Creates a session.',
      parameters: [idempotencyKey],
      body: { schema: refer('AgentWebkitCreateSession'), example: {} },
      answer: [200, 'The session.', json('AgentWebkitCreatedSession')],
    }),
    get: operation({
      operationId: 'list',
      summary:
        'Lists the sessions that the caller owns or is a member of, most recently active first.',
      parameters: [
        query('limit', list['limit'], 'The maximum number of sessions.'),
        query(
          'cursor',
          list['cursor'],
          'The `next_cursor` of the previous page, with the same other parameters. A session may appear on two pages.',
        ),
        query(
          'q',
          list['q'],
          'Only sessions whose title contains this text, in upper or lower case.',
        ),
        query('archived', list['archived'], 'Only archived sessions, or only those that are not.'),
        query('state', list['state'], 'Only sessions in this state.'),
        query('order', list['order'], 'The newest activity first, or the newest session first.'),
        {
          name: 'metadata',
          in: 'query',
          description: 'Only sessions whose metadata has these values, as `metadata[key]=value`.',
          style: 'deepObject',
          explode: true,
          schema: { type: 'object', additionalProperties: { type: 'string' }, maxProperties: 10 },
        },
      ],
      answer: [200, 'A page of sessions.', json('AgentWebkitSessionsPage')],
    }),
  },
  '/requests': {
    get: operation({
      operationId: 'requests',
      summary:
        'Lists the open requests of all sessions that the caller owns or is an approver of, the oldest first.',
      parameters: [
        query('limit', requests['limit'], 'The maximum number of requests.'),
        query('cursor', requests['cursor'], 'The `next_cursor` of the previous page.'),
      ],
      answer: [200, 'A page of requests.', json('AgentWebkitRequestsPage')],
    }),
  },
  '/usage': {
    get: operation({
      operationId: 'usage',
      summary: "Returns what the caller's own sessions used, by UTC day and model.",
      parameters: [
        query('from', usage['from'], 'The first UTC day. By default 29 days before `to`.'),
        query('to', usage['to'], 'The last UTC day. By default today.'),
      ],
      answer: [200, 'The usage.', json('AgentWebkitUsage')],
    }),
  },
  '/capabilities': {
    get: operation({
      operationId: 'newSessionCapabilities',
      summary: 'Returns what a client may choose for a new session.',
      answer: [200, 'The choices that the host permits.', json('AgentWebkitCapabilities')],
    }),
  },
  '/genui/schema': {
    get: operation({
      operationId: 'genuiSchema',
      summary: 'Returns the components that the agents can render. Needs no token.',
      answer: [200, 'The components.', json('AgentWebkitGenuiSchema')],
    }),
  },
  '/stream': {
    get: operation({
      operationId: 'streamAll',
      summary: 'Streams the events of all sessions of the caller over one connection.',
      parameters: [
        {
          name: 'Last-Event-ID',
          in: 'header',
          description: 'The last received `id`. By default, the stream begins with new events.',
          schema: CURSOR,
        },
        query('last_event_id', CURSOR, 'The same as `Last-Event-ID`, in the query.'),
        query(
          'sessions',
          { type: 'string' },
          'The ids of up to 200 sessions, separated by commas, of the caller and of others. By default, the sessions of the caller.',
        ),
      ],
      answer: [
        200,
        'Server-sent events. The schema describes one event whose `data` was parsed as JSON. Not every event has an `id`.',
        { 'text/event-stream': { schema: refer('AgentWebkitJointEvent') } },
      ],
    }),
  },
  '/sessions/{id}': {
    get: operation({
      operationId: 'info',
      summary: 'Returns one session: its state, its configuration and its open requests.',
      parameters: [sessionId],
      answer: [200, 'The session.', json('AgentWebkitSessionInfo')],
    }),
    patch: operation({
      operationId: 'change',
      summary: 'Changes the title, the metadata or the archived state of a session.',
      parameters: [sessionId],
      body: { schema: refer('AgentWebkitChangeSession'), example: { archived: true } },
      answer: [200, 'The session after the change.', json('AgentWebkitSessionInfo')],
    }),
    delete: operation({
      operationId: 'delete',
      summary: 'Ends a session and deletes its data.',
      parameters: [sessionId],
      answer: [204, 'The session was deleted. Its streams receive `done` and end.'],
    }),
  },
  '/sessions/{id}/members': {
    put: operation({
      operationId: 'setMembers',
      summary:
        'Replaces the callers with whom a session is shared, and their roles. Only for its owner.',
      parameters: [sessionId],
      body: {
        schema: refer('AgentWebkitSetMembers'),
        example: { members: [{ id: 'ann', role: 'viewer' }], expected_members: [] },
      },
      answer: [200, 'The session after the change.', json('AgentWebkitSessionInfo')],
    }),
  },
  '/sessions/{id}/capabilities': {
    get: operation({
      operationId: 'capabilities',
      summary: 'Returns what a client may choose in a session: modes, models, commands and more.',
      parameters: [sessionId],
      answer: [
        200,
        'The capabilities. What only a running agent can answer is null without one.',
        json('AgentWebkitSessionCapabilities'),
      ],
    }),
  },
  '/sessions/{id}/events': {
    get: operation({
      operationId: 'events',
      summary: 'Returns a page of the events of a session.',
      parameters: [
        sessionId,
        query(
          'after',
          { ...events['after'], format: 'int64' },
          'The id after which the page begins.',
        ),
        query('limit', events['limit'], 'The maximum number of events.'),
        query(
          'wait',
          events['wait'],
          'How long to wait for the first event when there is none, in seconds. The page is empty when the time is over.',
        ),
      ],
      answer: [200, 'A page of events.', json('AgentWebkitEventsPage')],
    }),
  },
  '/sessions/{id}/decisions': {
    get: operation({
      operationId: 'decisions',
      summary: 'Exports the decisions about the requests of a session, as a hash chain.',
      parameters: [
        sessionId,
        query(
          'after',
          { ...decisions['after'], format: 'int64' },
          'The number after which the decisions begin.',
        ),
      ],
      answer: [
        200,
        'JSON Lines: one decision per line, oldest first. The schema describes one line.',
        { 'application/x-ndjson': { schema: refer('AgentWebkitDecisionRecord') } },
      ],
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
          schema: { type: 'string', pattern: '^\\d{1,16}$' },
        },
        query(
          'last_event_id',
          { type: 'string', pattern: '^\\d{1,16}$' },
          'The same as `Last-Event-ID`, in the query.',
        ),
      ],
      answer: [
        200,
        'Server-sent events, each with the fields `id`, `event` and `data`. The schema describes one event ' +
          'whose `data` was parsed as JSON. A comment is sent while there is no event.',
        { 'text/event-stream': { schema: refer('AgentWebkitEvent') } },
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
    }),
  },
  '/sessions/{id}/queue/{message_id}': {
    patch: operation({
      operationId: 'editMessage',
      summary: 'Replaces the content of a queued message.',
      parameters: [sessionId, messageId, idempotencyKey],
      body: { schema: refer('AgentWebkitEditMessage'), example: { content: 'help' } },
      answer: [204, 'The message has this content, which is durable.'],
    }),
    delete: operation({
      operationId: 'withdrawMessage',
      summary: 'Withdraws a queued message.',
      parameters: [sessionId, messageId],
      answer: [204, 'No agent receives the message.'],
    }),
  },
};
