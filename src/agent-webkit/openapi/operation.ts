import {
  type AdminOperationName,
  describeRefusals,
  type OperationName,
  PUBLIC_OPERATIONS,
} from './refusals.js';
import { type JsonSchema, refer } from './schemas.js';

/** A path item of OpenAPI: operations by their method. */
export type PathItem = { readonly [method: string]: JsonSchema };

/** The tag of the operations of callers. */
export const TAG = { name: 'agent sessions', description: 'Sessions of an agent.' };

/** The tag of the operations for operators. */
export const ADMIN_TAG = {
  name: 'agent operators',
  description: 'Sessions of all owners, and the servers that run them.',
};

/** How requests authenticate. */
export const SECURITY_SCHEMES = {
  agentWebkitBearer: { type: 'http', scheme: 'bearer', description: 'Identifies the caller.' },
} as const;

/** How requests of operators authenticate. */
export const ADMIN_SECURITY_SCHEMES = {
  agentWebkitAdmin: { type: 'http', scheme: 'bearer', description: 'Identifies the operator.' },
} as const;

/** The id of a session in a path. */
export const sessionId = {
  name: 'id',
  in: 'path',
  required: true,
  description: 'The id of the session.',
  schema: { type: 'string' },
};

export interface Operation {
  operationId: OperationName;
  summary: string;
  parameters?: object[];
  body?: JsonSchema;
  /** The successful response: its status, and its content by media type. */
  answer: readonly [status: number, description: string, content?: Record<string, JsonSchema>];
}

/** Returns the description of an operation of callers. */
export function operation(of: Operation): JsonSchema {
  const isPublic = PUBLIC_OPERATIONS.has(of.operationId);
  return describe(of, TAG.name, isPublic ? [] : [{ agentWebkitBearer: [] }]);
}

/** Returns the description of an operation for operators. */
export function adminOperation(of: Operation & { operationId: AdminOperationName }): JsonSchema {
  return describe(of, ADMIN_TAG.name, [{ agentWebkitAdmin: [] }]);
}

function describe(
  { operationId, summary, parameters, body, answer }: Operation,
  tag: string,
  security: object[],
): JsonSchema {
  const [status, description, content] = answer;
  return {
    operationId: `agentWebkit_${operationId}`,
    summary,
    tags: [tag],
    security,
    ...(parameters && { parameters }),
    ...(body && { requestBody: { required: true, content: { 'application/json': body } } }),
    responses: {
      [status]: { description, ...(content && { content }) },
      ...describeRefusals(operationId),
    },
  };
}

/** Returns the content of a response as JSON. */
export function json(schema: string): Record<string, JsonSchema> {
  return { 'application/json': { schema: refer(schema) } };
}

/** Returns a parameter in the query. */
export function query(name: string, schema: JsonSchema | undefined, description: string): object {
  return { name, in: 'query', description, schema };
}
