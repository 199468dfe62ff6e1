import { ListAdminSessionsDto } from '../protocol/admin-dto.js';
import { propertiesOf } from '../protocol/dto-schema.js';
import { adminOperation, json, type PathItem, query, sessionId } from './operation.js';

const list = propertiesOf(ListAdminSessionsDto);
const address = {
  name: 'address',
  in: 'path',
  required: true,
  description: 'The address of the server, or `self` for the one that answers.',
  schema: { type: 'string' },
};

/** The routes for operators, by their path in the notation of OpenAPI. */
export const ADMIN_PATHS: Readonly<Record<string, PathItem>> = {
  '/admin/sessions': {
    get: adminOperation({
      operationId: 'adminSessions',
      summary: 'Lists the sessions of all owners, the newest first, without their content.',
      parameters: [
        query('limit', list['limit'], 'The maximum number of sessions.'),
        query('cursor', list['cursor'], 'The `next_cursor` of the previous page.'),
        query('owner', list['owner'], 'Only the sessions of this owner.'),
        query('state', list['state'], 'Only sessions in this state.'),
      ],
      answer: [200, 'A page of sessions.', json('AgentWebkitAdminSessionsPage')],
    }),
  },
  '/admin/sessions/{id}': {
    get: adminOperation({
      operationId: 'adminSession',
      summary: 'Returns one session, without its content.',
      parameters: [sessionId],
      answer: [200, 'The session.', json('AgentWebkitAdminSession')],
    }),
    delete: adminOperation({
      operationId: 'adminEnd',
      summary: 'Ends a session and deletes its data.',
      parameters: [sessionId],
      answer: [204, 'The session was deleted. Its streams receive `done` and end.'],
    }),
  },
  '/admin/sessions/{id}/interrupt': {
    post: adminOperation({
      operationId: 'adminInterrupt',
      summary: 'Interrupts the running turn of a session.',
      parameters: [sessionId],
      answer: [204, 'The turn ends, if there was one.'],
    }),
  },
  '/admin/sessions/{id}/sleep': {
    post: adminOperation({
      operationId: 'adminSleep',
      summary: 'Stops the agent of a session. The next message starts it again.',
      parameters: [sessionId],
      answer: [204, 'The session has no agent.'],
    }),
  },
  '/admin/servers': {
    get: adminOperation({
      operationId: 'adminServers',
      summary: 'Lists the servers that share the storage, and their work.',
      answer: [200, 'The servers.', json('AgentWebkitAdminServers')],
    }),
  },
  '/admin/servers/{address}/drain': {
    post: adminOperation({
      operationId: 'adminDrain',
      summary: 'Lets a server end its work. Its sessions go to other servers after their turns.',
      parameters: [address],
      answer: [200, 'The server, which drains.', json('AgentWebkitAdminServer')],
    }),
    delete: adminOperation({
      operationId: 'adminResume',
      summary: 'Lets a server that drains take work again.',
      parameters: [address],
      answer: [200, 'The server.', json('AgentWebkitAdminServer')],
    }),
  },
};
