import { hostname } from 'node:os';
import type { AdminServer, AdminServerReport } from '../../../protocol/admin.js';
import type { Census } from '../../census.js';
import type { ClusterMember } from '../../cluster/cluster-member.js';
import {
  decodeServerCall,
  decodeServerReply,
  encodeServerCall,
  encodeServerRejection,
  encodeServerReply,
  type ServerCall,
  type ServerReply,
} from '../../cluster/server-call.js';
import type { EngineLogger } from '../../engine-logger.js';
import {
  AgentWebkitError,
  NoOtherServerError,
  ServerNotFoundError,
  ServerUnavailableError,
} from '../../errors.js';
import { TIMED_OUT, within } from '../../timing/within.js';
import type { ServerDrain } from './server-drain.js';

export interface ServerAdminOptions {
  /** Null when only this server uses the storage. */
  readonly cluster: { readonly member: ClusterMember; readonly drain: ServerDrain } | null;
  readonly isDraining: () => boolean;
  readonly census: () => Promise<Census>;
  readonly logger: EngineLogger;
}

/** How long another server may take to reply, in milliseconds. */
const REPLY_MS = 5000;

/** How long the network may take in addition, in milliseconds. */
const MARGIN_MS = 2000;

/** The name of the server that handles the request. */
const SELF = 'self';

/** The servers that share a storage, for operators. A call for another server is passed to it. */
export class ServerAdmin {
  readonly #options: ServerAdminOptions;

  /** @internal */
  constructor(options: ServerAdminOptions) {
    this.#options = options;
  }

  /**
   * Resolves to the servers whose leases are valid, this one first.
   *
   * @throws StorageUnavailableError
   */
  async list(): Promise<AdminServer[]> {
    const { cluster } = this.#options;
    if (!cluster) return [await this.#self()];
    const { membership } = cluster.member;
    await membership.renew();
    const others = membership.others.map(async ({ address, isDraining }): Promise<AdminServer> => {
      // One that does not reply is listed without its report, as its lease tells it.
      const reply = await this.#ask(address, 'report').catch(() => null);
      return describe(address, reply ?? { isDraining, report: null });
    });
    return Promise.all([this.#self(), ...others]);
  }

  /**
   * Lets a server end its work: it starts no more turns and takes over nothing, and its sessions leave it after their turns. Resolves
   * when it has begun, to the server as it is then.
   *
   * @param address as in {@link list}, or `self`
   * @throws NoOtherServerError when no other server takes work
   * @throws ServerNotFoundError, ServerUnavailableError, StorageUnavailableError
   */
  drain(address: string): Promise<AdminServer> {
    return this.#call(address, 'drain');
  }

  /**
   * Ends a drain. As {@link drain}.
   *
   * @throws ShuttingDownError when the server stops
   * @throws ServerNotFoundError, ServerUnavailableError, StorageUnavailableError
   */
  resume(address: string): Promise<AdminServer> {
    return this.#call(address, 'resume');
  }

  /**
   * Handles the request of another server; null for a request of another kind. Never rejects.
   *
   * @internal
   */
  receive(body: string): Promise<string> | null {
    const call = decodeServerCall(body);
    return call && this.#receive(call);
  }

  async #receive(call: ServerCall): Promise<string> {
    try {
      await this.#run(call);
      return encodeServerReply(await this.#reply());
    } catch (error) {
      if (!(error instanceof AgentWebkitError)) {
        this.#options.logger.error('Could not handle a request of an operator.', error);
      }
      return encodeServerRejection(error);
    }
  }

  async #call(asked: string, call: 'drain' | 'resume'): Promise<AdminServer> {
    const membership = this.#options.cluster?.member.membership;
    const address = asked === membership?.address ? SELF : asked;
    if (address === SELF) {
      await this.#run(call);
      return this.#self();
    }
    if (!membership?.isAlive(address)) await membership?.renew();
    if (!membership?.isAlive(address)) throw new ServerNotFoundError();
    return describe(address, await this.#ask(address, call));
  }

  async #run(call: ServerCall): Promise<void> {
    const { cluster } = this.#options;
    if (call === 'drain') {
      if (!cluster) throw new NoOtherServerError();
      await cluster.drain.begin();
    }
    if (call === 'resume') await cluster?.drain.end();
  }

  async #ask(address: string, call: ServerCall): Promise<ServerReply> {
    const request = this.#options.cluster?.member.request(address, encodeServerCall(call));
    if (!request) throw new ServerUnavailableError();
    try {
      const reply = await within(this.#limitMs(call), request.reply);
      if (reply === TIMED_OUT || reply === null) throw new ServerUnavailableError();
      return decodeServerReply(reply);
    } finally {
      request.end();
    }
  }

  /** A drain is announced by up to two renewals of the lease, each of which may take half of it. */
  #limitMs(call: ServerCall): number {
    const leaseMs = this.#options.cluster?.member.store.leaseMs ?? 0;
    return call === 'report' ? REPLY_MS : Math.max(REPLY_MS, leaseMs + MARGIN_MS);
  }

  async #self(): Promise<AdminServer> {
    const address = this.#options.cluster?.member.membership.address ?? null;
    return describe(address, await this.#reply(), true);
  }

  async #reply(): Promise<ServerReply> {
    return { isDraining: this.#options.isDraining(), report: await this.#report() };
  }

  async #report(): Promise<AdminServerReport> {
    const { sessions, agents, queued, requests, subscribers, joint } = await this.#options.census();
    return {
      host: hostname(),
      pid: process.pid,
      started_at: new Date(performance.timeOrigin).toISOString(),
      work: {
        sessions: { ...sessions },
        agents: { ...agents },
        queued_messages: queued,
        open_requests: Object.values(requests).reduce((sum, count) => sum + count, 0),
        subscribers: subscribers + joint.subscribers,
      },
    };
  }
}

function describe(
  address: string | null,
  { isDraining, report }: { isDraining: boolean; report: AdminServerReport | null },
  current = false,
): AdminServer {
  return { address, current, state: isDraining ? 'draining' : 'active', report };
}
