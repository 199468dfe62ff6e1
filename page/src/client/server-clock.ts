/**
 * The clock of the server, as the times of its events show it: the clocks of two machines can differ by minutes.
 * Until a live event has arrived, it is the clock of this browser.
 */
export class ServerClock {
  /** How far this browser is ahead of the server, in milliseconds, with the delay of the fastest event. */
  #ahead: number | null = null;

  /**
   * Learns from an event.
   *
   * @param at the time of the event, in milliseconds since 1970
   * @param isReplayed true if it happened before this page connected
   */
  take(at: number, isReplayed: boolean, receivedAt: number = Date.now()): void {
    const ahead = receivedAt - at;
    // An event from the future was stamped by a clock that is ahead.
    if (isReplayed && ahead >= 0) return;
    this.#ahead = Math.min(this.#ahead ?? ahead, ahead);
  }

  now(here: number = Date.now()): number {
    return here - (this.#ahead ?? 0);
  }
}
