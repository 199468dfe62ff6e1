import { parseBody } from './parse-body.js';
import type { UserContent } from '../../protocol/events.js';
import type { ChangeSession, InboundMessage } from '../../protocol/inbound.js';
import { isRecord } from '../../protocol/is-record.js';
import { MEMBERS, SESSION_ROLES, type SessionMember } from '../../protocol/session-members.js';
import type { Caller } from '../caller.js';
import type { CallerRole } from '../session-members.js';
import { readTraceContext, type TraceContext } from '../trace-context.js';
import { fromWireError, toWireError } from './wire-error.js';

/** A change of a session by a caller, which only the server that runs the session can do. */
export type SessionCall =
  | { readonly kind: 'send'; readonly message: InboundMessage; readonly idempotencyKey?: string }
  | {
      readonly kind: 'edit_message';
      readonly messageId: string;
      readonly content: UserContent;
      readonly idempotencyKey?: string;
    }
  | { readonly kind: 'withdraw_message'; readonly messageId: string }
  | { readonly kind: 'delete' }
  | { readonly kind: 'sleep' }
  | { readonly kind: 'set_max_budget'; readonly usd: number }
  | { readonly kind: 'change'; readonly change: ChangeSession }
  | { readonly kind: 'set_members'; readonly members: readonly SessionMember[] }
  // A kind of its own, because a server of an earlier version would ignore the condition.
  | {
      readonly kind: 'replace_members';
      readonly members: readonly SessionMember[];
      readonly expected: readonly SessionMember[];
    };

/** A call that a server forwards. The access of its caller has been checked. */
export interface ForwardedCall {
  readonly sessionId: string;
  readonly caller: Caller;
  /** The role of the caller for which the access was checked; null for none, undefined from an older server. */
  readonly role?: CallerRole | null | undefined;
  readonly call: SessionCall;
  /** The span of the request. @default none */
  readonly trace?: TraceContext | null;
}

/**
 * The outcome of a call that was not rejected: `moved` when the session must be looked up and the access checked again,
 * because the session is or will be at another server, or the role of the caller has changed,
 * `full` when the session needs an agent and this server cannot start one.
 */
export type CallOutcome = 'done' | 'moved' | 'full';

const OUTCOMES: readonly unknown[] = ['done', 'moved', 'full'] satisfies CallOutcome[];

const MESSAGE_TYPES: Readonly<Record<InboundMessage['type'], true>> = {
  user_message: true,
  permission_response: true,
  question_response: true,
  elicitation_response: true,
  dialog_response: true,
  hook_decision_response: true,
  interrupt: true,
  set_permission_mode: true,
  set_model: true,
  set_effort: true,
  mcp_reconnect: true,
  mcp_toggle: true,
  set_max_thinking_tokens: true,
  stop_task: true,
};

/** True for a call for which a session without an agent starts one. */
export function needsAgent(call: SessionCall): boolean {
  return call.kind === 'send' && call.message.type === 'user_message';
}

/** Returns the body of a request. */
export function encodeCall({ sessionId, caller, role, call, trace }: ForwardedCall): string {
  const traced = trace && { trace };
  return JSON.stringify({ sessionId, caller, role, call, ...traced } satisfies ForwardedCall);
}

/** Returns the call of a request; null when this server does not know it, as from a newer version. */
export function decodeCall(body: string): ForwardedCall | null {
  const sent = parseBody(body);
  if (!isRecord(sent)) return null;
  const { sessionId, caller, role, call } = sent;
  if (typeof sessionId !== 'string' || !isCaller(caller) || !isCall(call)) return null;
  if (role !== undefined && role !== null && !isRole(role)) return null;
  const trace = readTraceContext(sent['trace']);
  return { sessionId, caller, role, call, ...(trace && { trace }) };
}

/** Returns the body of a reply. */
export function encodeOutcome(outcome: CallOutcome): string {
  return JSON.stringify({ outcome });
}

/** Returns the body of a reply that rejects the call. */
export function encodeRejection(error: unknown): string {
  return JSON.stringify({ error: toWireError(error) });
}

/** Returns the outcome in a reply. @throws the error with which the other server has rejected the call */
export function decodeReply(body: string): CallOutcome {
  const sent = parseBody(body);
  if (isRecord(sent) && isOutcome(sent['outcome'])) return sent['outcome'];
  throw fromWireError(isRecord(sent) ? sent['error'] : null);
}

function isOutcome(value: unknown): value is CallOutcome {
  return OUTCOMES.includes(value);
}

function isCaller(value: unknown): value is Caller {
  return isRecord(value) && typeof value['id'] === 'string';
}

function isRole(value: unknown): value is CallerRole {
  return value === 'owner' || SESSION_ROLES.some((role) => role === value);
}

function isCall(value: unknown): value is SessionCall {
  if (!isRecord(value)) return false;
  switch (value['kind']) {
    case 'send':
      return isMessage(value['message']) && isKey(value['idempotencyKey']);
    case 'edit_message':
      return (
        typeof value['messageId'] === 'string' &&
        isContent(value['content']) &&
        isKey(value['idempotencyKey'])
      );
    case 'withdraw_message':
      return typeof value['messageId'] === 'string';
    case 'delete':
    case 'sleep':
      return true;
    case 'set_max_budget':
      return typeof value['usd'] === 'number' && value['usd'] > 0;
    case 'change':
      // Its fields were validated by the server that forwards it.
      return isRecord(value['change']);
    case 'set_members':
      return areMembers(value['members']);
    case 'replace_members':
      return areMembers(value['members']) && areMembers(value['expected']);
    default:
      return false;
  }
}

/** Its other fields were validated by the server that forwards it. */
function isMessage(value: unknown): value is InboundMessage {
  return (
    isRecord(value) &&
    typeof value['type'] === 'string' &&
    Object.hasOwn(MESSAGE_TYPES, value['type'])
  );
}

/** Its blocks were validated by the server that forwards it. */
function isContent(value: unknown): value is UserContent {
  return typeof value === 'string' || Array.isArray(value);
}

function areMembers(value: unknown): value is readonly SessionMember[] {
  return MEMBERS.findProblem(value, 'members') === null;
}

function isKey(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}
