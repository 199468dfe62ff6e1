import type { ErrorCode } from '../engine/errors.js';
import { ERROR_STATUS } from '../hosting/error-status.js';
import { type JsonSchema, refer } from './schemas.js';

/** The operations of the module, without the prefix of their ids. */
export type OperationName =
  | 'create'
  | 'list'
  | 'requests'
  | 'usage'
  | 'genuiSchema'
  | 'streamAll'
  | 'info'
  | 'change'
  | 'setMembers'
  | 'capabilities'
  | 'newSessionCapabilities'
  | 'delete'
  | 'events'
  | 'decisions'
  | 'stream'
  | 'input'
  | 'editMessage'
  | 'withdrawMessage'
  | AdminOperationName;

/** The operations for operators. */
export type AdminOperationName =
  | 'adminSessions'
  | 'adminSession'
  | 'adminInterrupt'
  | 'adminSleep'
  | 'adminEnd'
  | 'adminServers'
  | 'adminDrain'
  | 'adminResume';

/** The operations that an error code can reject. A new code does not compile before it has a line. */
const REJECTED: Readonly<Record<ErrorCode, 'all' | readonly OperationName[]>> = {
  invalid_request: [
    'create',
    'list',
    'requests',
    'usage',
    'streamAll',
    'change',
    'setMembers',
    'events',
    'decisions',
    'stream',
    'input',
    'editMessage',
    'withdrawMessage',
    'adminSessions',
  ],
  unauthorized: 'all',
  forbidden: 'all',
  session_not_found: [
    'info',
    'change',
    'setMembers',
    'capabilities',
    'delete',
    'events',
    'decisions',
    'stream',
    'input',
    'editMessage',
    'withdrawMessage',
    'adminSession',
    'adminInterrupt',
    'adminSleep',
    'adminEnd',
  ],
  no_pending_request: ['input'],
  input_changed: ['input'],
  members_changed: ['setMembers'],
  no_running_task: ['input'],
  session_busy: ['adminSleep'],
  server_not_found: ['adminDrain', 'adminResume'],
  no_other_server: ['adminDrain'],
  mcp_server_not_found: ['input'],
  mcp_server_unavailable: ['input'],
  message_not_found: ['editMessage', 'withdrawMessage'],
  message_not_queued: ['editMessage', 'withdrawMessage'],
  message_not_replaceable: ['input'],
  cursor_evicted: ['events', 'stream'],
  cursor_ahead: ['events', 'stream'],
  cursor_lost: ['events', 'stream'],
  payload_too_large: ['create', 'change', 'setMembers', 'input', 'editMessage'],
  not_storable: ['create', 'change', 'setMembers', 'input', 'editMessage'],
  too_many_sessions: ['create'],
  too_many_creations: ['create'],
  too_many_subscribers: ['events', 'stream'],
  daily_budget_exhausted: ['create', 'input'],
  agents_busy: ['create', 'input'],
  backpressure: ['input', 'editMessage'],
  server_overloaded: 'all',
  shutting_down: [
    'create',
    'change',
    'setMembers',
    'streamAll',
    'input',
    'editMessage',
    'withdrawMessage',
    'adminSessions',
    'adminSession',
    'adminInterrupt',
    'adminSleep',
    'adminEnd',
    'adminDrain',
    'adminResume',
  ],
  session_unavailable: [
    'create',
    'change',
    'setMembers',
    'input',
    'editMessage',
    'withdrawMessage',
    'adminInterrupt',
    'adminSleep',
    'adminEnd',
  ],
  server_unavailable: ['adminDrain', 'adminResume'],
  storage_unavailable: 'all',
  workspace_unavailable: ['create', 'input', 'adminEnd'],
  sandbox_unavailable: ['create', 'input'],
};

/** The operations that need no caller, and no storage. */
export const PUBLIC_OPERATIONS: ReadonlySet<OperationName> = new Set<OperationName>([
  'genuiSchema',
]);

/** Returns the error responses of an operation, by their status. */
export function describeRefusals(operation: OperationName): Record<string, JsonSchema> {
  const codes = (Object.keys(REJECTED) as ErrorCode[]).filter((code) => {
    const operations = REJECTED[code];
    // A global guard of the host can refuse any request.
    if (operations === 'all') return !PUBLIC_OPERATIONS.has(operation) || code === 'forbidden';
    return operations.includes(operation);
  });
  const statuses = [...new Set(codes.map((code) => ERROR_STATUS[code]))].sort((a, b) => a - b);
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      describeRefusal(
        status,
        codes.filter((code) => ERROR_STATUS[code] === status),
      ),
    ]),
  );
}

function describeRefusal(status: number, codes: readonly ErrorCode[]): JsonSchema {
  const headers = HEADERS[status];
  const narrowed = { properties: { code: { enum: codes }, statusCode: { enum: [status] } } };
  return {
    description: codes.join(', '),
    ...(headers && { headers }),
    content: {
      'application/json': { schema: { allOf: [refer('AgentWebkitRefusal'), narrowed] } },
    },
  };
}

const retryAfter = {
  'Retry-After': {
    description: 'The number of seconds after which a retry may succeed.',
    schema: { type: 'integer', minimum: 1 },
  },
};

const challenge = {
  'WWW-Authenticate': {
    description: 'How to authenticate.',
    schema: { type: 'string', examples: ['Bearer realm="agent-webkit"'] },
  },
};

/** The headers of an error response, by its status. */
const HEADERS: Readonly<Record<number, JsonSchema>> = {
  401: challenge,
  429: retryAfter,
  503: retryAfter,
};
