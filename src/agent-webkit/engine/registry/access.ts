import type { Caller } from '../caller.js';
import { ForbiddenError, SessionNotFoundError } from '../errors.js';
import type { EngineLogger } from '../engine-logger.js';
import type { SessionRecord } from '../storage.js';

/**
 * An action on a session: `read` covers its information, events and streams; `send` covers messages,
 * interrupts, and changes of model and permission mode; `answer` covers replies to the agent's
 * requests; `delete` deletes the session.
 */
export type AccessAction = 'read' | 'send' | 'answer' | 'delete';

/** The facts of a session on which a decision about access may be based. */
export type AccessedSession = Pick<SessionRecord, 'id' | 'owner' | 'config'>;

/** Returns true when a caller who does not own the session may perform the action. */
export type CanAccess = (
  session: AccessedSession,
  caller: Caller,
  action: AccessAction,
) => boolean | Promise<boolean>;

/** Checks access to sessions. The owner may perform every action, and other callers the ones that the host permits. */
export class Access {
  readonly #canAccess: CanAccess | null;
  readonly #logger: EngineLogger;

  constructor(canAccess: CanAccess | null, logger: EngineLogger) {
    this.#canAccess = canAccess;
    this.#logger = logger;
  }

  /**
   * @param session null when it does not exist, which is reported like a session that may not be read
   * @throws SessionNotFoundError when the caller may not read the session
   * @throws ForbiddenError when the caller may read the session, but not perform the action
   */
  async check(session: AccessedSession | null, caller: Caller, action: AccessAction) {
    if (session && (await this.#isAllowed(session, caller, action))) return;
    if (session && action !== 'read' && (await this.#isAllowed(session, caller, 'read'))) {
      throw new ForbiddenError(
        `You may read this session, but the action '${action}' is not permitted.`,
      );
    }
    throw new SessionNotFoundError();
  }

  async #isAllowed(
    session: AccessedSession,
    caller: Caller,
    action: AccessAction,
  ): Promise<boolean> {
    if (session.owner === caller.id) return true;
    try {
      return (await this.#canAccess?.(session, caller, action)) === true;
    } catch (error) {
      this.#logger.error('The option canAccess threw an error. Access is denied.', error);
      return false;
    }
  }
}
