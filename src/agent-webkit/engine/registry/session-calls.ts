import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { AgentSlots } from '../agent/agent-slots.js';
import type { Caller } from '../caller.js';
import type { ClusterMember } from '../cluster/cluster-member.js';
import {
  type CallOutcome,
  decodeReply,
  encodeCall,
  type ForwardedCall,
  needsAgent,
  type SessionCall,
} from '../cluster/session-call.js';
import { NoPendingRequestError, SessionNotFoundError, SessionUnavailableError } from '../errors.js';
import { OwnedElsewhereError, type StorageProvider } from '../storage.js';
import type { StorageWait } from '../storage-guard/storage-wait.js';
import type { TraceContext } from '../trace-context.js';
import type { CheckedAction } from './access.js';
import type { CallHandler } from './call-handler.js';
import { wasAnswered } from './lost-replies.js';
import type { Located, SessionLookup } from './session-lookup.js';

export interface SessionCallsOptions {
  readonly lookup: SessionLookup;
  readonly storage: Pick<StorageProvider, 'records' | 'events'>;
  readonly handler: CallHandler;
  readonly slots: Pick<AgentSlots, 'areBusy'>;
  /** Null when only this server uses the storage. */
  readonly member: ClusterMember | null;
  /** Begins the waiting of a request. */
  /** Returns the span of the request that is handled; null for none. */
  readonly trace: () => TraceContext | null;
  readonly wait: () => StorageWait;
  /** Begins the waiting for a deletion at another server, which also waits for the agent to end. */
  readonly waitForDeletion: () => StorageWait;
}

/** The delays before each attempt, in milliseconds. The last one repeats until the request waits for too long. */
const DELAYS_MS = [0, 0, 0, 100, 200, 400, 800];

/**
 * The calls of callers that change a session, each of which reaches the server that runs the session:
 * this one, another one, or, when it runs nowhere, the one that takes it over.
 *
 * The access of the caller is checked here, and everything else where the session runs. There the caller must still
 * have the role for which it was checked; otherwise it is checked again.
 */
export class SessionCalls {
  readonly #options: SessionCallsOptions;

  constructor(options: SessionCallsOptions) {
    this.#options = options;
  }

  /**
   * Makes a call. A session may move to another server meanwhile: then the call follows it.
   *
   * @throws SessionNotFoundError, ForbiddenError by the access check
   * @throws StorageUnavailableError when no server has handled it in time
   */
  async make(id: string, caller: Caller, action: CheckedAction, asked: SessionCall): Promise<void> {
    const wait = this.#options.wait();
    const full = new Set<string>();
    let call = asked;
    let isForwarded = false;
    for (let attempt = 0; ; attempt += 1) {
      /* oxlint-disable no-await-in-loop -- again only when the session has moved */
      const delayMs = DELAYS_MS[Math.min(attempt, DELAYS_MS.length - 1)] ?? 0;
      if (delayMs > 0) await wait.for(delay(delayMs), isForwarded ? ownerIsSilent : undefined);
      const located = await this.#locate(id, caller, action, wait, isForwarded && call);
      if (located === null) return;
      const server = this.#serverFor(located, call, full);
      const wasForwarded = isForwarded;
      if (server !== null) {
        call = withKey(call);
        isForwarded = true;
      }
      const forwarded = { sessionId: id, caller, role: located.role, call };
      const outcome = await (
        server === null
          ? this.#handle(forwarded, action, wait)
          : this.#forward(server, forwarded, wait)
      ).catch((error: unknown) => this.#outcomeOfRepeated(error, forwarded, wasForwarded, wait));
      /* oxlint-enable no-await-in-loop */
      if (outcome === 'done') return;
      if (outcome === 'full' && server !== null) full.add(server);
    }
  }

  /** Resolves to null when a deletion whose reply was lost has been done. */
  async #locate(
    id: string,
    caller: Caller,
    action: CheckedAction,
    wait: StorageWait,
    forwarded: SessionCall | false,
  ): Promise<Located | null> {
    try {
      return await this.#options.lookup.locate(id, caller, action, 0, wait);
    } catch (error) {
      const isDeleted = forwarded && forwarded.kind === 'delete';
      if (isDeleted && error instanceof SessionNotFoundError) return null;
      throw error;
    }
  }

  /** Resolves to the outcome of a call that has succeeded before, when its reply was lost. @throws `error` otherwise */
  async #outcomeOfRepeated(
    error: unknown,
    { sessionId, caller, call }: ForwardedCall,
    wasForwarded: boolean,
    wait: StorageWait,
  ): Promise<CallOutcome> {
    const isAnswered = wasForwarded && error instanceof NoPendingRequestError;
    const { storage } = this.#options;
    if (isAnswered && (await wait.for(wasAnswered(storage, sessionId, caller, call))))
      return 'done';
    throw error;
  }

  /** Returns the address of the server to which a call is forwarded; null for this one. */
  #serverFor(located: Located, call: SessionCall, full: ReadonlySet<string>): string | null {
    const { member, slots } = this.#options;
    if (!member || located.place === 'here') return null;
    if (located.place === 'elsewhere') return located.server;
    const { membership } = member;
    // No other server may claim it. Without a slot, or while this server drains, it is released here first.
    if (located.isOwn) return null;
    if (membership.isDraining) return membership.roomiest(0, full)?.address ?? null;
    if (!needsAgent(call) || !slots.areBusy) return null;
    return membership.roomiest(1, full)?.address ?? null;
  }

  async #handle(
    call: ForwardedCall,
    action: CheckedAction,
    wait: StorageWait,
  ): Promise<CallOutcome> {
    const { lookup, handler } = this.#options;
    const { sessionId: id, caller } = call;
    try {
      const session = await lookup.load(id, wait);
      if (session === 'moved') return 'moved';
      return await handler.handle(session, call, wait, async () => {
        const again = await lookup.locate(id, caller, action, 0, wait);
        return again.place === 'here' && (await lookup.load(id, wait)) === session;
      });
    } catch (error) {
      if (error instanceof OwnedElsewhereError) return 'moved';
      throw error;
    }
  }

  async #forward(
    server: string,
    forwarded: ForwardedCall,
    wait: StorageWait,
  ): Promise<CallOutcome> {
    const { member, waitForDeletion } = this.#options;
    const request = member?.request(
      server,
      encodeCall({ ...forwarded, trace: this.#options.trace() }),
    );
    if (!request) return 'moved';
    const isDeletion = forwarded.call.kind === 'delete';
    try {
      const reply = await (isDeletion ? waitForDeletion() : wait).for(request.reply, ownerIsSilent);
      return reply === null ? 'moved' : decodeReply(reply);
    } catch (error) {
      // It existed when its access was checked: another call has deleted it meanwhile.
      if (isDeletion && error instanceof SessionNotFoundError) return 'done';
      throw error;
    } finally {
      request.end();
    }
  }
}

const ownerIsSilent = () => new SessionUnavailableError();

/** Gives a user message or an edit a key, so that it is accepted once although its first reply may be lost. */
function withKey(call: SessionCall): SessionCall {
  if (call.kind === 'edit_message') return { idempotencyKey: randomUUID(), ...call };
  if (call.kind !== 'send' || call.message.type !== 'user_message') return call;
  if (call.idempotencyKey !== undefined || call.message.message_id !== undefined) return call;
  return { ...call, idempotencyKey: randomUUID() };
}
