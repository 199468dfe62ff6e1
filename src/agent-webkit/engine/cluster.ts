/** A server that shares the storage, as the others see it. */
export interface ClusterServer {
  /** Its name: up to 40 letters, digits and hyphens, different for each start of a process. */
  readonly address: string;
  /** How many agents it could start now. */
  readonly freeAgents: number;
  /** True while it ends its work before it stops. It takes over nothing. */
  readonly isDraining: boolean;
}

/** The result of a renewal of the lease. */
export interface Renewal {
  /** False when the lease had lapsed, so that others may have taken over sessions of this server. */
  readonly wasValid: boolean;
  /** The other servers whose leases are valid. */
  readonly others: readonly ClusterServer[];
  /** True when there is an unfinished session that this server could take over. */
  readonly hasOrphans: boolean;
  /**
   * When sessions of another server may next become free to take over, in milliseconds from now: its lease
   * lapses unless it is renewed, or this server has held its own for long enough. Null when nothing is expected.
   */
  readonly nextLapseMs: number | null;
}

/** A request that a server passes to the owner of a session. */
export interface ForwardedRequest {
  /** A UUID. */
  readonly id: string;
  /** The address of the server that waits for the reply. */
  readonly from: string;
  /** As JSON. */
  readonly body: string;
}

/** The reply to a {@link ForwardedRequest}. */
export interface ForwardedReply {
  /** The id of the request. */
  readonly id: string;
  /** As JSON. */
  readonly body: string;
}

/** How far a session has come, for servers that follow it. */
export interface SessionPosition {
  readonly sessionId: string;
  /** The epoch of its record, which differs after each change of the owner and after a restored backup. */
  readonly epoch: number;
  readonly lastSeq: number;
  /** The address of the owner, if its lease is valid. */
  readonly server: string | null;
}

/**
 * The leases, messages and counts of servers that share a storage. A storage that has one makes its servers one
 * server to a client.
 *
 * A server holds a lease, which it renews. While it is valid, no other server takes over the server's
 * sessions. All times are those of the storage.
 *
 * A server takes over a session whose owner's lease has lapsed only if its own lease was valid throughout
 * the time of one lease before: after an outage of the storage, each server has the time to renew.
 */
export interface ClusterStore {
  /** The address of this server. */
  readonly address: string;
  /** For how long a renewed lease is valid, in milliseconds. */
  readonly leaseMs: number;
  /**
   * Returns the 32 random bytes by which servers encrypt their messages over the bus. All servers of the
   * storage get the same ones; the first call makes them.
   */
  messageKey(): Promise<Uint8Array>;
  /** Renews the lease of this server, or takes it for the first time. */
  renew(status: Pick<ClusterServer, 'freeAgents' | 'isDraining'>): Promise<Renewal>;
  /** Ends the lease: others may take over the sessions of this server at once. */
  leave(): Promise<void>;
  /** Releases ownership of a session, so that any server may take it over. Has no effect at another epoch than its own. */
  release(sessionId: string, epoch: number): Promise<void>;

  /** Stores a request for another server. */
  post(request: ForwardedRequest, to: string): Promise<void>;
  /** Returns up to 100 requests for this server without a reply, the oldest first, except those that are known. */
  requests(known: readonly string[]): Promise<ForwardedRequest[]>;
  /** Stores the reply to a request. Has no effect when the request was withdrawn. */
  reply(reply: ForwardedReply): Promise<void>;
  /** Returns and removes the replies to the requests of this server that are there. */
  replies(requestIds: readonly string[]): Promise<ForwardedReply[]>;
  /** Removes a request whose reply no server waits for any more. */
  withdraw(requestId: string): Promise<void>;

  /** Returns the positions of sessions; a session that does not exist is missing. */
  positions(sessionIds: readonly string[]): Promise<SessionPosition[]>;
  /**
   * Stores how many subscribers sessions have on this server, 0 for one that has none any more. Other
   * sessions keep their numbers. The numbers count while the lease is valid, and end with the session.
   */
  setSubscribers(counts: ReadonlyMap<string, number>): Promise<void>;
  /** Returns how many subscribers sessions have on other servers; one without is missing. */
  subscribersElsewhere(sessionIds: readonly string[]): Promise<ReadonlyMap<string, number>>;

  /**
   * Counts a creation of a session by an owner, unless there were `limit` in the last minute: then it
   * resolves to the number of milliseconds until the next one is permitted.
   */
  countCreation(owner: string, limit: number): Promise<number | null>;
}
