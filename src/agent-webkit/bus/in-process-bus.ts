import type { Bus, BusReceiver } from '../engine/bus.js';
import { checkAddress } from './addresses.js';

const MAX_BYTES = 65_536;

/**
 * A bus between servers of one process, such as those of a test. Each server has its own, made from that of
 * another one: `new InProcessBus(first)`.
 */
export class InProcessBus implements Bus {
  readonly maxBytes = MAX_BYTES;
  /** The receivers by their addresses, shared by all buses that are connected. */
  readonly #receivers: Map<string, BusReceiver>;
  #address: string | null = null;

  /** @param other a bus that this one is connected to @default none: the first bus of its servers */
  constructor(other?: InProcessBus) {
    this.#receivers = other ? other.#receivers : new Map<string, BusReceiver>();
  }

  /** @throws TypeError when the address is not 1 to 40 letters, digits and hyphens */
  async open(address: string, receiver: BusReceiver): Promise<void> {
    checkAddress(address);
    this.#address = address;
    this.#receivers.set(address, receiver);
  }

  send(address: string, message: string): void {
    if (this.#address === null || Buffer.byteLength(message) > MAX_BYTES) return;
    // Later, as on every other bus: a receiver never runs inside of the code that sends.
    setImmediate(() => this.#receivers.get(address)?.onMessage(message));
  }

  async close(): Promise<void> {
    if (this.#address !== null) this.#receivers.delete(this.#address);
    this.#address = null;
  }
}
