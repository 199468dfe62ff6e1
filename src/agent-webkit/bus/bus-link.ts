/** A message, and the server that it is for. */
export interface OutgoingMessage {
  readonly address: string;
  readonly text: string;
}

/** A connection to the engine of a bus. */
export interface BusLink {
  /** Resolves to the reason when the connection is lost. Never rejects. */
  readonly lost: Promise<Error>;
  /** Sends messages together. Rejects when the connection is of no further use. */
  send(messages: readonly OutgoingMessage[]): Promise<unknown>;
  /** Rejects when the engine does not deliver messages to this connection any more. */
  probe(): Promise<unknown>;
  /** Ends the connection, also one that is lost. */
  end(): void;
}

/** The engine of a bus, such as a Redis server. */
export interface BusEngine {
  /** Its name for the log, without credentials. */
  readonly name: string;
  /** The maximum size of a message, in bytes of UTF-8. */
  readonly maxBytes: number;
  /**
   * Connects, and subscribes to the messages for an address.
   *
   * @param onMessage called with each message
   * @param signal aborted when nothing waits for the connection any more
   */
  connect(
    address: string,
    onMessage: (message: string) => void,
    signal: AbortSignal,
  ): Promise<BusLink>;
  /** Releases what the connections share. */
  close?(): Promise<void>;
}
