import type { Caller } from '../caller.js';
import { ForbiddenError, SessionNotFoundError } from '../errors.js';
import type { EngineLogger } from '../engine-logger.js';
import type { SessionRecord } from '../storage.js';

/**
 * What somebody may want of a session: `read` it and follow it; `send` messages, interrupt, change
 * the model or the mode; `answer` what its agent asks; `delete` it.
 */
export type AccessAction = 'read' | 'send' | 'answer' | 'delete';

/** What a decision about access may rest on. */
export type AccessedSession = Pick<SessionRecord, 'id' | 'owner' | 'config'>;

/** Whether a caller who does not own a session may do this with it. */
export type CanAccess = (
  session: AccessedSession,
  caller: Caller,
  action: AccessAction,
) => boolean | Promise<boolean>;

/** Decides who may do what with which session: its owner everything, others what the host allows. */
export class Access {
  readonly #canAccess: CanAccess | null;
  readonly #logger: EngineLogger;

  constructor(canAccess: CanAccess | null, logger: EngineLogger) {
    this.#canAccess = canAccess;
    this.#logger = logger;
  }

  /**
   * @param session null where there is none, which is told as one that may not be read
   * @throws SessionNotFoundError when the caller may not even read it
   * @throws ForbiddenError when the caller may read it, but not do this
   */
  async check(session: AccessedSession | null, caller: Caller, action: AccessAction) {
    if (session && (await this.#isAllowed(session, caller, action))) return;
    if (session && action !== 'read' && (await this.#isAllowed(session, caller, 'read'))) {
      throw new ForbiddenError(`You may read this session; to ${action} is not allowed to you.`);
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
      this.#logger.error('The option canAccess threw, so access was refused.', error);
      return false;
    }
  }
}
