import type { StorageProvider } from '../../src/agent-webkit/engine/storage.js';
import { MemoryStorage } from '../../src/agent-webkit/storage/memory/memory-storage.js';

/** The behavior of a call: it runs at once, when the outage ends, or never; or it fails. */
type Fate = 'runs' | 'late' | 'lost' | 'fails';

/** A storage of a host that a test can take away. Its data survives. */
export class HangingStorage implements StorageProvider {
  readonly durable = true;
  readonly events: StorageProvider['events'];
  readonly records: StorageProvider['records'];
  /** The fate of calls, by name, and for all others by `*`. */
  readonly fates = new Map<string, Fate>();
  /** The error of the calls that fail. */
  error: Error = new Error('connect ECONNREFUSED 10.1.2.3:5432');
  /** The number of calls that were not answered. */
  hung = 0;
  #late: (() => void)[] = [];

  constructor({ events, records }: StorageProvider = new MemoryStorage()) {
    this.events = this.#wrap(events);
    this.records = this.#wrap(records);
  }

  /** Makes every call hang or fail. */
  breakAll(fate: Exclude<Fate, 'runs'>): void {
    this.fates.set('*', fate);
  }

  /** Loses every call from now on, and those that are late, as when the process of the server is killed. */
  sever(): void {
    this.fates.clear();
    this.breakAll('lost');
    this.#late = [];
  }

  /** Ends the outage, and runs the calls that are late. */
  repair(): void {
    this.fates.clear();
    for (const run of this.#late.splice(0)) run();
  }

  #wrap<Port extends object>(port: Port): Port {
    return new Proxy(port, {
      get: (target, name) => {
        const method = Reflect.get(target, name) as (...args: unknown[]) => unknown;
        return (...args: unknown[]) =>
          this.#call(String(name), async () => method.apply(target, args));
      },
    });
  }

  async #call(name: string, run: () => Promise<unknown>): Promise<unknown> {
    const fate = this.fates.get(name) ?? this.fates.get('*') ?? 'runs';
    switch (fate) {
      case 'runs':
        return run();
      case 'fails':
        throw this.error;
      case 'lost':
        this.hung += 1;
        return new Promise(() => undefined);
      case 'late':
        this.hung += 1;
        await new Promise<void>((resolve) => this.#late.push(resolve));
        return run();
      default:
        return fate satisfies never;
    }
  }
}
