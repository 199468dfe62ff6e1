import type { StorageProvider } from '../../src/agent-webkit/engine/storage.js';
import { MemoryStorage } from '../../src/agent-webkit/storage/memory/memory-storage.js';

/**
 * A storage that executes each call at once and responds later, like a database whose response is
 * delayed while others see the change already.
 */
export class SlowStorage implements StorageProvider {
  readonly durable: boolean;
  readonly events: StorageProvider['events'];
  readonly records: StorageProvider['records'];
  /** The names of the calls that fail. */
  readonly broken = new Set<string>();
  /** The number of turns of the event loop before a response, with exceptions by call. */
  delay = 1;
  readonly delays = new Map<string, number>();

  constructor({ events, records }: StorageProvider = new MemoryStorage(), durable = true) {
    this.durable = durable;
    this.events = this.#slow(events);
    this.records = this.#slow(records);
  }

  #slow<Port extends object>(port: Port): Port {
    return new Proxy(port, {
      get: (target, name) => {
        const method = Reflect.get(target, name) as (...args: unknown[]) => unknown;
        return async (...args: unknown[]) => {
          if (this.broken.has(String(name))) throw new Error('The disk is full.');
          const answer = await method.apply(target, args);
          const delay = this.delays.get(String(name)) ?? this.delay;
          for (let turn = 0; turn < delay; turn += 1) {
            // oxlint-disable-next-line no-await-in-loop -- one turn of the loop after the other
            await new Promise((resolve) => setImmediate(resolve));
          }
          return answer;
        };
      },
    });
  }
}
