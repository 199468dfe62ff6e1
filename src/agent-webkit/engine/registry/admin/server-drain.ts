import type { Membership } from '../../cluster/membership.js';
import type { EngineLogger } from '../../engine-logger.js';
import { NoOtherServerError, ShuttingDownError } from '../../errors.js';
import type { Departures } from '../departures.js';

export interface ServerDrainOptions {
  readonly membership: Pick<Membership, 'renew' | 'drain' | 'resume' | 'roomiest'>;
  readonly departures: Pick<Departures, 'drain' | 'resume'>;
  readonly logger: EngineLogger;
}

/**
 * The drain of a server that goes on running, as an operator asked for: it starts no more turns, and its sessions leave
 * it. It ends by itself when no other server is left to go on with them.
 */
export class ServerDrain {
  readonly #options: ServerDrainOptions;
  #isOn = false;
  #isStopping = false;

  constructor(options: ServerDrainOptions) {
    this.#options = options;
  }

  /**
   * Begins the drain; again without an effect. Resolves when the other servers know it. Sessions leave in the background.
   *
   * @throws NoOtherServerError when no other server takes work and can start an agent
   * @throws ShuttingDownError, StorageUnavailableError
   */
  async begin(): Promise<void> {
    const { membership, departures, logger } = this.#options;
    this.#assertRunning();
    if (this.#isOn) return;
    await membership.renew();
    if (membership.roomiest(1) === null) throw new NoOtherServerError();
    this.#assertRunning();
    this.#isOn = true;
    void departures.drain().then(() => this.#onEmpty());
    await membership.drain();
    logger.log?.('An operator drains this server: its sessions leave it after their turns.');
  }

  /** Takes work again; without a drain without an effect. Resolves when the other servers know it. @throws ShuttingDownError */
  async end(): Promise<void> {
    const { membership, departures, logger } = this.#options;
    this.#assertRunning();
    if (!this.#isOn) return;
    this.#isOn = false;
    departures.resume();
    await membership.resume();
    logger.log?.('This server takes work again.');
  }

  /** Ends the drain if this is the last server. Call it when the other servers may have changed. */
  check(): void {
    const { membership, logger } = this.#options;
    if (!this.#isOn || this.#isStopping || membership.roomiest(0) !== null) return;
    logger.warn('No other server takes work any more. The drain of this one ends.');
    this.end().catch(() => undefined); // this server stops
  }

  /** Call it when the server stops: a drain then ends with the process. */
  stop(): void {
    this.#isStopping = true;
  }

  #onEmpty(): void {
    if (!this.#isOn || this.#isStopping) return;
    this.#options.logger.log?.('No session is left on this server. It can be stopped.');
  }

  #assertRunning(): void {
    if (this.#isStopping) throw new ShuttingDownError();
  }
}
