import type { Membership } from '../cluster/membership.js';
import {
  type CallOutcome,
  decodeCall,
  encodeOutcome,
  encodeRejection,
  type ForwardedCall,
  needsAgent,
  type SessionCall,
} from '../cluster/session-call.js';
import type { EngineLogger } from '../engine-logger.js';
import {
  AgentsBusyError,
  AgentWebkitError,
  SessionNotFoundError,
  ShuttingDownError,
  StorageUnavailableError,
} from '../errors.js';
import { AccessChangedError } from '../session/access-changed-error.js';
import type { Session } from '../session/session.js';
import { OwnedElsewhereError } from '../storage.js';
import { withTraceContext } from '../trace-context.js';
import type { StorageWait } from '../storage-guard/storage-wait.js';
import type { LiveSessions } from './live-sessions.js';
import type { SessionLookup } from './session-lookup.js';
import { namesFolders, type SessionPolicy } from './session-policy.js';

export interface CallHandlerOptions {
  readonly live: LiveSessions;
  readonly lookup: SessionLookup;
  readonly policy: SessionPolicy;
  /** Null when only this server uses the storage. */
  readonly membership: Pick<Membership, 'roomiest' | 'findRoomiest'> | null;
  /** Throws when this server must start no agent. */
  readonly assertAgents?: () => void;
  readonly isShuttingDown: () => boolean;
  readonly wait: () => StorageWait;
  readonly logger: EngineLogger;
}

/** Handles calls whose session runs on this server, or is taken over by it. */
export class CallHandler {
  readonly #options: CallHandlerOptions;

  constructor(options: CallHandlerOptions) {
    this.#options = options;
  }

  /** Handles the request of another server, which has checked the access of the caller. Never rejects. */
  async receive(body: string): Promise<string> {
    const forwarded = decodeCall(body);
    // A server of this version may know the call.
    if (!forwarded) return encodeRejection(new StorageUnavailableError(null));
    try {
      const receive = () => this.#receive(forwarded);
      return encodeOutcome(await withTraceContext(forwarded.trace, receive));
    } catch (error) {
      if (error instanceof OwnedElsewhereError) return encodeOutcome('moved');
      if (!(error instanceof AgentWebkitError)) {
        const { logger } = this.#options;
        logger.error(`Session ${forwarded.sessionId}: could not handle a forwarded call.`, error);
      }
      return encodeRejection(error);
    }
  }

  async #receive(forwarded: ForwardedCall): Promise<CallOutcome> {
    const { live, lookup, isShuttingDown } = this.#options;
    const { sessionId: id, call } = forwarded;
    const wait = this.#options.wait();
    const removal = live.deletions.get(id);
    if (removal) {
      if (call.kind !== 'delete') throw new SessionNotFoundError();
      await live.deletions.removed(removal, wait);
      return 'done';
    }
    const isHeld = await lookup.isHeld(id, wait);
    if (isShuttingDown()) return 'moved';
    const isFull = !isHeld && needsAgent(call) && live.slots.areBusy && this.#hasRoomElsewhere;
    const isLeft = !isHeld && live.departures.isDraining;
    // Its own one is loaded, and then released, because no other server may claim it.
    if ((isFull || isLeft) && !(await lookup.isOwn(id, wait))) return isLeft ? 'moved' : 'full';
    const session = await lookup.load(id, wait);
    if (session === 'moved') return 'moved';
    return this.handle(session, forwarded, wait, async () => true);
  }

  /**
   * Handles a call.
   *
   * @param isStillPermitted called after a check that takes time; resolves to false when the session has
   *   moved meanwhile
   */
  async handle(
    session: Session,
    forwarded: ForwardedCall,
    wait: StorageWait,
    isStillPermitted: () => Promise<boolean>,
  ): Promise<CallOutcome> {
    const { live, policy } = this.#options;
    const { call, caller } = forwarded;
    try {
      if (!hasSameRole(session, forwarded)) return 'moved';
      switch (call.kind) {
        case 'send':
          return await this.#send(session, { ...forwarded, call }, wait, isStillPermitted);
        case 'edit_message': {
          const { messageId, content, idempotencyKey } = call;
          await policy.check({ type: 'user_message', content }, null);
          const isPermitted = () => hasSameRole(session, forwarded);
          await session.editMessage(messageId, content, caller, idempotencyKey, wait, isPermitted);
          return 'done';
        }
        case 'withdraw_message':
          await session.withdrawMessage(call.messageId, caller, wait);
          return 'done';
        case 'delete':
          return (await live.deletions.delete(session, wait)) ? 'done' : 'moved';
        case 'sleep':
          await session.sleep(wait);
          return 'done';
        case 'set_max_budget':
          await session.setMaxBudget(call.usd, wait);
          return 'done';
        case 'change':
          await session.change(call.change, caller, wait);
          return 'done';
        case 'set_members':
        case 'replace_members':
          await session.setMembers(call, caller, wait);
          return 'done';
        default:
          return call satisfies never;
      }
    } catch (error) {
      const outcome = await this.#outcomeOf(error, session, call);
      if (outcome) return outcome;
      throw error;
    }
  }

  async #send(
    session: Session,
    forwarded: ForwardedCall & { call: SessionCall & { kind: 'send' } },
    wait: StorageWait,
    isStillPermitted: () => Promise<boolean>,
  ): Promise<CallOutcome> {
    const { policy, isShuttingDown, assertAgents } = this.#options;
    const { message: asked, idempotencyKey } = forwarded.call;
    const takesTime = namesFolders(asked);
    const [checked] = await Promise.allSettled([policy.check(asked, takesTime ? session : null)]);
    if (takesTime && !(await isStillPermitted())) return 'moved';
    if (checked.status === 'rejected') throw checked.reason;
    if (isShuttingDown()) throw new ShuttingDownError();
    if (asked.type === 'user_message') assertAgents?.();
    const isPermitted = () => hasSameRole(session, forwarded);
    await session.accept(checked.value, forwarded.caller, idempotencyKey, wait, isPermitted);
    return 'done';
  }

  /** Returns the outcome when the call goes on at another server; null when it is rejected. */
  async #outcomeOf(
    error: unknown,
    session: Session,
    call: SessionCall,
  ): Promise<CallOutcome | null> {
    const { live, isShuttingDown, membership } = this.#options;
    if (error instanceof AccessChangedError) return 'moved';
    if (!membership || isShuttingDown()) return null;
    if (error instanceof AgentsBusyError) {
      if (session.state !== 'dormant' || !(await membership.findRoomiest(1))) return null;
      await live.departures.release(session);
      return 'full';
    }
    const hasLeft = session.endReason !== null && session.endReason !== 'deleted';
    const isOfMove =
      error instanceof ShuttingDownError ||
      error instanceof SessionNotFoundError ||
      // What was appended when the session was lost may be stored: only a key tells.
      (error instanceof StorageUnavailableError && isRepeatable(call));
    return hasLeft && isOfMove ? 'moved' : null;
  }

  get #hasRoomElsewhere(): boolean {
    const { membership } = this.#options;
    return membership !== null && membership.roomiest(1) !== null;
  }
}

/** True while a caller has the role for which the access was checked. */
function hasSameRole(session: Session, { caller, role }: ForwardedCall): boolean {
  return role === undefined || session.roleOf(caller) === role;
}

/** True when a call that was handled may be handled again without another effect. */
function isRepeatable(call: SessionCall): boolean {
  if (call.kind !== 'send' || call.message.type !== 'user_message') return true;
  return call.idempotencyKey !== undefined || call.message.message_id !== undefined;
}
