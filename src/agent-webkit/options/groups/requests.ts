import type { RequestApprovals, RequestApprovalsByTool } from '../../engine/request-approvals.js';
import type {
  RequestEscalation,
  RequestEscalationByTool,
} from '../../engine/request-escalation.js';
import type { RequestExpiry, RequestExpiryByTool } from '../../engine/request-expiry.js';
import type { Descriptors } from '../descriptor.js';
import { delay, flag, integer, type Rule } from '../rules.js';

/** Policies for the requests of agents: permissions and questions. */
export interface RequestOptions {
  /**
   * How long the requests of some tools stay open without a reply, and what is decided then, by the
   * name of the tool: `{ 'mcp__payments__*': { afterMs: 900_000, decision: 'deny' } }`. In a name, `*` stands for any text;
   * the first name that matches counts. `allow` runs the call with the input that the agent sent.
   * Questions, and requests that need several approvals, are denied in any case.
   *
   * @default `timeouts.requestTimeoutMs` for every tool, and then `deny`
   */
  readonly expiry?: RequestExpiryByTool;

  /**
   * How many callers must approve a request of some tools before it is allowed, by the name of the tool:
   * `{ 'mcp__payments__*': { required: 2, exceptOwner: true } }`. In a name, `*` stands for any text; the first name that
   * matches counts. One denial decides at once. With `exceptOwner`, the owner of the session may
   * not approve. Callers who may answer are those whom `hooks.canAccess` and `hooks.canAnswer` permit.
   *
   * @default one approval for every tool
   */
  readonly approvals?: RequestApprovalsByTool;

  /**
   * When the requests of some tools that are still open are escalated, and to whom, by the name of the tool:
   * `{ 'mcp__payments__*': { afterMs: 900_000, to: ({ owner }) => managerOf(owner) } }`. In a name, `*` stands for any
   * text; the first name that matches counts. `to` returns 1 to 20 names, which the event
   * `request_escalated` and the notification `request.escalated` have. The request stays open, and who may answer it
   * is still decided by `hooks.canAccess` and `hooks.canAnswer`. Of other requests than permissions and questions, none is escalated.
   *
   * @default no request is escalated
   */
  readonly escalation?: RequestEscalationByTool;
}

const DECISIONS: readonly unknown[] = ['allow', 'deny'] satisfies RequestExpiry['decision'][];

const expiryByTool: Rule<RequestExpiryByTool> = {
  words:
    'an object of tool names, each with `afterMs`, an integer from 1 to 2147483647, and `decision`, which is `allow` or `deny`',
  accepts: (value): value is RequestExpiryByTool =>
    isObject(value) &&
    Object.entries(value).every(([name, expiry]) => name !== '' && isExpiry(expiry)),
  allowsNull: false,
};

const MAX_APPROVALS = 10;

const approvalsByTool: Rule<RequestApprovalsByTool> = {
  words: `an object of tool names, each with \`required\`, an integer from 2 to ${MAX_APPROVALS}, and optionally \`exceptOwner\`, which is true or false`,
  accepts: (value): value is RequestApprovalsByTool =>
    isObject(value) &&
    Object.entries(value).every(([name, approvals]) => name !== '' && isApprovals(approvals)),
  allowsNull: false,
};

const escalationByTool: Rule<RequestEscalationByTool> = {
  words:
    'an object of tool names, each with `afterMs`, an integer from 1 to 2147483647, and `to`, which is a function',
  accepts: (value): value is RequestEscalationByTool =>
    isObject(value) &&
    Object.entries(value).every(([name, escalation]) => name !== '' && isEscalation(escalation)),
  allowsNull: false,
};

export const REQUESTS = {
  expiry: {
    rule: expiryByTool,
    computeDefault: () => ({}),
    defaultText: '`timeouts.requestTimeoutMs` for every tool, and then `deny`',
    effect:
      'How long the requests of some tools stay open without a reply, and what is decided then. The event of the request has it in `expiry`. See [Expiry](./decisions.md#expiry).',
  },
  approvals: {
    rule: approvalsByTool,
    computeDefault: () => ({}),
    defaultText: 'one approval for every tool',
    effect:
      'How many callers must approve a request of some tools before it is allowed. One denial decides. See [Several approvals](./decisions.md#several-approvals).',
  },
  escalation: {
    rule: escalationByTool,
    computeDefault: () => ({}),
    defaultText: 'no request is escalated',
    effect:
      'When the requests of some tools that are still open are escalated, and a function that returns to whom. See [Escalation](./decisions.md#escalation).',
  },
} satisfies Descriptors<RequestOptions>;

function isApprovals(value: unknown): value is RequestApprovals {
  if (!isObject(value)) return false;
  const { required, exceptOwner, ...more } = value;
  const isFlag = exceptOwner === undefined || flag.accepts(exceptOwner);
  return integer(2, MAX_APPROVALS).accepts(required) && isFlag && Object.keys(more).length === 0;
}

function isEscalation(value: unknown): value is RequestEscalation {
  if (!isObject(value)) return false;
  const { afterMs, to, ...more } = value;
  return delay.accepts(afterMs) && typeof to === 'function' && Object.keys(more).length === 0;
}

function isExpiry(value: unknown): value is RequestExpiry {
  if (!isObject(value)) return false;
  const { afterMs, decision, ...more } = value;
  return delay.accepts(afterMs) && DECISIONS.includes(decision) && Object.keys(more).length === 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
