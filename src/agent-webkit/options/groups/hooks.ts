import type { Caller } from '../../engine/caller.js';
import type { CanAccess } from '../../engine/registry/access.js';
import type { ConfigureSession } from '../../engine/registry/session-policy.js';
import type { CanAnswer } from '../../engine/session/answering.js';
import type { OnDecision } from '../../engine/session/decision.js';
import type { Descriptors } from '../descriptor.js';
import { functionOf } from '../rules.js';
import type { AgentWebkitRequest } from './top-level.js';

/** Functions of the host that make decisions or record them. */
export interface HookOptions {
  /**
   * Returns the caller of a request that your own `guard` accepted. Null rejects it with 401.
   *
   * @default `request.user`, by its `id` or `sub`
   */
  readonly caller?: (request: AgentWebkitRequest) => Caller | null;

  /**
   * Returns true where a caller may read, send to, answer in or delete another caller's session,
   * for example one of the same team, and false where not, whatever the caller's role as a member is.
   * Undefined leaves it to the role. Called for each request.
   *
   * @default members may do what their roles permit
   */
  readonly canAccess?: CanAccess;

  /**
   * Returns changes to a new session's configuration, or rejects the session by throwing, for
   * example a `ForbiddenError`.
   *
   * @default no changes
   */
  readonly configureSession?: ConfigureSession;

  /**
   * Returns true when a caller may answer a request of the agent: with the tool and its input, who owns
   * the session, and if the caller wants to allow or deny it. Called for each answer of a caller who owns
   * the session, or whom `canAccess` permits to answer. Otherwise the answer is refused with 403, and the
   * request stays open.
   *
   * @default the owner, and every caller whom `canAccess` permits to answer
   */
  readonly canAnswer?: CanAnswer;

  /**
   * Called with the outcome of every request of the agent once it is committed, for an audit log.
   *
   * @default not called
   */
  readonly onDecision?: OnDecision;
}

export const HOOKS = {
  caller: {
    rule: functionOf<(request: AgentWebkitRequest) => Caller | null>(),
    default: callerOfUser,
    defaultText: '`request.user`, by its `id` or `sub`',
    effect:
      'Returns the caller of a request that your own `guard` accepted. Null rejects it with 401.',
  },
  canAccess: {
    rule: functionOf<CanAccess>(),
    default: null,
    defaultText: 'members may do what their roles permit',
    effect:
      "Returns true where a caller may use another caller's session, and undefined for what the caller's role as a member permits. Otherwise the answer is 404, or 403 where the caller may read it.",
  },
  configureSession: {
    rule: functionOf<ConfigureSession>(),
    default: null,
    defaultText: 'no changes',
    effect:
      "Returns changes to a new session's configuration, or rejects the session by throwing; the error is the answer.",
  },
  canAnswer: {
    rule: functionOf<CanAnswer>(),
    default: null,
    defaultText: 'the owner, and every caller whom `canAccess` permits to answer',
    effect:
      'Returns true when a caller may answer a request of the agent. Otherwise the answer is 403, and the request stays open.',
  },
  onDecision: {
    rule: functionOf<OnDecision>(),
    default: () => undefined,
    defaultText: 'not called',
    effect:
      'Called with the outcome of every request of the agent once it is committed, for an audit log.',
  },
} satisfies Descriptors<HookOptions>;

function callerOfUser(request: AgentWebkitRequest): Caller | null {
  const user = 'user' in request ? request.user : null;
  if (typeof user !== 'object' || user === null) return null;
  const { id, sub } = user as { id?: unknown; sub?: unknown };
  const name = id ?? sub;
  return typeof name === 'string' || typeof name === 'number' ? { id: String(name) } : null;
}
