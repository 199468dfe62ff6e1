import { SESSION_ROLES } from '../../protocol/session-members.js';
import type { Caller } from '../caller.js';
import { ForbiddenError, SessionNotFoundError } from '../errors.js';
import type { EngineLogger } from '../engine-logger.js';
import { type CallerRole, roleOf } from '../session-members.js';
import type { SessionRecord } from '../storage.js';

/**
 * An action on a session: `read` covers its information, events and streams; `send` covers messages,
 * interrupts, and changes of model and permission mode; `answer` covers replies to the agent's
 * requests; `delete` deletes the session.
 */
export type AccessAction = 'read' | 'send' | 'answer' | 'delete';

/** An action that is checked. Only the owner may `share` a session; the host is not asked. */
export type CheckedAction = AccessAction | 'share';

/** The actions that each role permits. */
export const ROLE_ACTIONS: Readonly<Record<CallerRole, readonly CheckedAction[]>> = {
  viewer: ['read'],
  contributor: ['read', 'send'],
  approver: ['read', 'send', 'answer'],
  owner: ['read', 'send', 'answer', 'delete', 'share'],
};

/** The facts of a session on which a decision about access may be based. */
export type AccessedSession = Pick<SessionRecord, 'id' | 'owner' | 'config'>;

/**
 * Decides if a caller who does not own the session may perform the action: true permits it, and false refuses it, also
 * where the role of a member would permit it. Undefined leaves it to the role.
 */
export type CanAccess = (
  session: AccessedSession,
  caller: Caller,
  action: AccessAction,
) => boolean | undefined | Promise<boolean | undefined>;

/** A session with the members that its role permits. */
type SharedSession = AccessedSession & Pick<SessionRecord, 'details'>;

/** Checks access to sessions. The owner may perform every action, members those of their roles, unless the host decides. */
export class Access {
  readonly #canAccess: CanAccess | null;
  readonly #logger: EngineLogger;

  constructor(canAccess: CanAccess | null, logger: EngineLogger) {
    this.#canAccess = canAccess;
    this.#logger = logger;
  }

  /** True when the host decides, too. */
  get asksHost(): boolean {
    return this.#canAccess !== null;
  }

  /**
   * @param session null when it does not exist, which is reported like a session that may not be read
   * @throws SessionNotFoundError when the caller may not read the session
   * @throws ForbiddenError when the caller may read the session, but not perform the action
   */
  async check(session: SharedSession | null, caller: Caller, action: CheckedAction): Promise<void> {
    if (session && (await this.#isAllowed(session, caller, action))) return;
    if (session && action !== 'read' && (await this.#isAllowed(session, caller, 'read'))) {
      throw new ForbiddenError(refusalOf(action, roleOf(session, caller.id)));
    }
    throw new SessionNotFoundError();
  }

  /** Returns the sessions for which a caller may perform an action, of those that the caller owns or is a member of. */
  async allowed<Shared extends SharedSession>(
    sessions: readonly Shared[],
    caller: Caller,
    action: AccessAction,
  ): Promise<Shared[]> {
    const allowed: Shared[] = [];
    for (const session of sessions) {
      // oxlint-disable-next-line no-await-in-loop -- one at a time leaves the host room for other work
      if (await this.#isAllowed(session, caller, action)) allowed.push(session);
    }
    return allowed;
  }

  async #isAllowed(
    session: SharedSession,
    caller: Caller,
    action: CheckedAction,
  ): Promise<boolean> {
    const role = roleOf(session, caller.id);
    if (role === 'owner') return true;
    if (action === 'share') return false;
    try {
      // Of a host in JavaScript, too.
      const decided: unknown = await this.#canAccess?.(session, caller, action);
      if (decided !== undefined) return decided === true;
      return role !== null && ROLE_ACTIONS[role].includes(action);
    } catch (error) {
      this.#logger.error('The option canAccess threw an error. Access is denied.', error);
      return false;
    }
  }
}

/** Returns a sentence that says why a caller who may read a session may not do something else, and what to do. */
function refusalOf(action: CheckedAction, role: CallerRole | null): string {
  if (action === 'share') return 'Only the owner of a session may change its members.';
  const needed = SESSION_ROLES.find((each) => ROLE_ACTIONS[each].includes(action));
  const reason = `You may read this session, but the action '${action}' is not permitted`;
  if (role === null) return `${reason}.`;
  const remedy = needed
    ? `Ask the owner of the session for the role '${needed}'.`
    : 'Ask the owner of the session to do it.';
  return `${reason} with your role '${role}'. ${remedy}`;
}
