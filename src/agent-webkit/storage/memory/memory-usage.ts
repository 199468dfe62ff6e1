import { sumUsd } from '../../engine/sum-usd.js';
import {
  addUsage,
  NO_USAGE,
  type Day,
  type NewUsage,
  type UsageRow,
  type UsageStore,
} from '../../engine/usage.js';

/** Stores usage in the memory of this process. */
export class MemoryUsage implements UsageStore {
  /** By owner, and then by day and model. */
  readonly #owners = new Map<string, Map<string, UsageRow>>();

  add(owner: string, added: NewUsage): void {
    const rows = this.#owners.get(owner) ?? new Map<string, UsageRow>();
    const { day, model } = added;
    const key = `${day} ${model}`;
    rows.set(key, { day, model, ...addUsage(rows.get(key) ?? NO_USAGE, added) });
    this.#owners.set(owner, rows);
  }

  read(owner: string, from: Day, to: Day, limit: number): Promise<UsageRow[]> {
    const rows = this.#rowsOf(owner).filter(({ day }) => day >= from && day <= to);
    return Promise.resolve(rows.slice(0, limit));
  }

  costUsd(owner: string, day: Day): Promise<number> {
    const rows = this.#rowsOf(owner).filter((row) => row.day === day);
    return Promise.resolve(sumUsd(...rows.map((row) => row.costUsd)));
  }

  trim(before: Day): Promise<void> {
    for (const [owner, rows] of this.#owners) {
      for (const [key, { day }] of rows) if (day < before) rows.delete(key);
      if (rows.size === 0) this.#owners.delete(owner);
    }
    return Promise.resolve();
  }

  #rowsOf(owner: string): UsageRow[] {
    return [...(this.#owners.get(owner)?.values() ?? [])];
  }
}
