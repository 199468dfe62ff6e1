/** Receives what a {@link Bus} delivers. */
export interface BusReceiver {
  /** Called with each message for the address of this server. It must not throw. */
  onMessage(message: string): void;
  /** Reports a problem that is being retried, as a sentence for the log. */
  onTrouble(problem: string): void;
  /** Reports that a problem is over, as a sentence for the log. @default nothing is reported */
  onRecovered?(news: string): void;
}

/**
 * Carries short messages between the servers that share a storage, so that they need not wait for their
 * next look into it. The storage is the truth: a bus may lose, repeat and reorder messages, and while it
 * is away everything works, only slower. A host implements it for an engine that it runs already.
 */
export interface Bus {
  /** The maximum size of a message, in bytes of UTF-8. Nothing larger is passed to {@link send}. */
  readonly maxBytes: number;
  /**
   * Starts to deliver the messages for an address. Called once, before anything is sent. Resolves also
   * when the bus cannot be reached: it is then connected in the background, and the problem is reported. Rejects
   * only when no later attempt can succeed.
   *
   * @param address the name of this server: up to 40 letters, digits and hyphens
   */
  open(address: string, receiver: BusReceiver): Promise<void>;
  /**
   * Sends a message to the server with an address, which may be this one. Never throws: a message that cannot be
   * sent is lost. Messages may wait for a moment to be sent together; of several that are equal, one may arrive.
   *
   * @param message well-formed Unicode text without NUL, such as JSON
   */
  send(address: string, message: string): void;
  /** Ends the deliveries, and releases the resources that this bus has opened itself. Called once. */
  close(): Promise<void>;
}
