import type { RequestApprovals, RequestApprovalsByTool } from '../../engine/request-approvals.js';
import type {
  EscalateTo,
  RequestEscalation,
  RequestEscalationByTool,
} from '../../engine/request-escalation.js';
import type { RequestExpiry, RequestExpiryByTool } from '../../engine/request-expiry.js';
import { byTool } from '../by-tool.js';
import type { Descriptors } from '../descriptor.js';
import { delay, flag, functionOf, integer, oneOf } from '../rules.js';

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

const DECISIONS = ['allow', 'deny'] as const satisfies RequestExpiry['decision'][];

const expiryByTool = byTool<RequestExpiry>(
  '`afterMs`, an integer from 1 to 2147483647, and `decision`, which is `allow` or `deny`',
  { afterMs: { rule: delay }, decision: { rule: oneOf(DECISIONS) } },
);

const MAX_APPROVALS = 10;

const approvalsByTool = byTool<RequestApprovals>(
  `\`required\`, an integer from 2 to ${MAX_APPROVALS}, and optionally \`exceptOwner\`, which is true or false`,
  {
    required: { rule: integer(2, MAX_APPROVALS) },
    exceptOwner: { rule: flag, isOptional: true },
  },
);

const escalationByTool = byTool<RequestEscalation>(
  '`afterMs`, an integer from 1 to 2147483647, and `to`, which is a function',
  { afterMs: { rule: delay }, to: { rule: functionOf<EscalateTo>() } },
);

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
