/** The authenticated identity that makes a request. */
export interface Caller {
  /** Identifies the person or service that owns sessions and answers requests. */
  readonly id: string;
}
