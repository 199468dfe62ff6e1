/** A reason why a server should get no new work. */
export interface HealthProblem {
  /**
   * - `stopping`: the server has not started yet, or it stops and drains.
   * - `storage_unavailable`: the storage does not answer, or reports a fault that only an operator can fix.
   * - `sandbox_unavailable`: no agent may start, because the sandbox that it needs does not work.
   */
  readonly code: 'stopping' | 'storage_unavailable' | 'sandbox_unavailable';
  /** One sentence for an operator, without details of the machine. */
  readonly message: string;
}

/** The readiness of a server for new work. */
export interface Health {
  readonly isReady: boolean;
  /** Empty while it is ready. */
  readonly problems: readonly HealthProblem[];
}
