import type { Answer } from '../support/ask.js';

/** The servers that a load is sent to, seen as one. */
export interface Target {
  /** The headers of each request. */
  readonly headers: Readonly<Record<string, string>>;
  /** True when no server runs and none will be started. */
  readonly isClosed: boolean;
  /** The last lines that the servers wrote. */
  readonly lines: readonly string[];
  /** Resolves when a server listens, or when none will be started. */
  up(): Promise<void>;
  /** Returns the URL of the server for the next connection. */
  nextUrl(): string;
  /**
   * Sends a request as soon as a server listens. Returns null when the outcome of the request is unknown.
   *
   * @param onWritten called when the request has left this process
   * @throws Error when no server will be started
   */
  request(
    method: string,
    path: string,
    body?: object,
    onWritten?: () => void,
  ): Promise<Answer | null>;
  /** Ends the servers. */
  close(): Promise<void>;
}
