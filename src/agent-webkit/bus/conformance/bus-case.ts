import type { Bus } from '../../engine/bus.js';

/** An engine for one case. */
export interface BusSubject {
  /** Creates the bus of another server, which is not open yet. The case closes it. */
  readonly createBus: () => Bus | Promise<Bus>;
  /**
   * Starts or stops the engine: all connections end, and none is accepted. Omit both for an engine that cannot be
   * away; the cases about outages then pass without a check.
   */
  readonly engine?: { readonly start: () => Promise<void>; readonly stop: () => Promise<void> };
  /** Releases the resources of the case. */
  readonly close?: () => Promise<void>;
}

/** One guarantee of the bus port. */
export interface BusCase {
  /** The guarantee, as a sentence. */
  readonly name: string;
  /** Rejects, usually with an `AssertionError`, when the bus does not keep the guarantee. */
  readonly run: () => Promise<void>;
}
