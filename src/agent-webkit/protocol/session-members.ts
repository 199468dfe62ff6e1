import { isRecord } from './is-record.js';
import { type Shape } from './shape.js';

/** The roles of members, each of which may do what those before it may. */
export const SESSION_ROLES = [
  'viewer',
  'contributor',
  'approver',
] as const satisfies readonly SessionRole[];

/**
 * The role of a member of a session: a viewer reads it, a contributor also sends messages, interrupts and changes
 * settings, and an approver also answers the agent's requests.
 */
export type SessionRole = 'viewer' | 'contributor' | 'approver';

/** A caller with whom the owner of a session shares it. */
export interface SessionMember {
  /** The id of the caller, as the server authenticates it. */
  readonly id: string;
  readonly role: SessionRole;
}

/** The maximum number of members of a session. */
export const MAX_SESSION_MEMBERS = 50;
/** The maximum length of the id of a member, in characters. */
export const MAX_MEMBER_ID_LENGTH = 256;

const ROLE_RULE = `must be one of ${SESSION_ROLES.join(', ')}`;

/** The members of a session. */
export const MEMBERS: Shape = {
  schema: {
    type: 'array',
    maxItems: MAX_SESSION_MEMBERS,
    items: {
      type: 'object',
      required: ['id', 'role'],
      additionalProperties: false,
      properties: {
        id: { type: 'string', minLength: 1, maxLength: MAX_MEMBER_ID_LENGTH },
        role: { type: 'string', enum: [...SESSION_ROLES] },
      },
    },
  },
  findProblem(value, field) {
    if (!Array.isArray(value)) {
      return `${field}: must be an array of objects with an id and a role; [] is no members`;
    }
    if (value.length > MAX_SESSION_MEMBERS) {
      return `${field}: must have at most ${MAX_SESSION_MEMBERS} members, but has ${value.length}`;
    }
    const indexes = new Map<unknown, number>();
    for (const [index, member] of value.entries()) {
      const problem = findProblemOf(member, `${field}[${index}]`);
      if (problem !== null) return problem;
      const { id } = member as SessionMember;
      const first = indexes.get(id);
      if (first !== undefined) {
        return `${field}[${index}].id: must be another id than that of ${field}[${first}]. Give each member one role`;
      }
      indexes.set(id, index);
    }
    return null;
  },
};

function findProblemOf(member: unknown, field: string): string | null {
  if (!isRecord(member)) return `${field}: must be an object with an id and a role`;
  const { id, role, ...others } = member;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return `${field}: must have only id and role, but has '${unknown}'`;
  if (typeof id !== 'string' || id === '' || id.length > MAX_MEMBER_ID_LENGTH) {
    return `${field}.id: must be a string of 1 to ${MAX_MEMBER_ID_LENGTH} characters`;
  }
  const isRole = SESSION_ROLES.some((known) => known === role);
  if (!isRole) return `${field}.role: ${ROLE_RULE}, but got ${describe(role)}`;
  return null;
}

function describe(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 80);
}
