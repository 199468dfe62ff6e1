import { sumUsd } from '../../engine/sum-usd.js';
import type { Day, NewUsage, UsageRow, UsageStore } from '../../engine/usage.js';
import type { SqliteThread } from './sqlite-thread.js';
import type { Step } from './thread-protocol.js';

/** Stores the usage of owners in a SQLite database. */
export class SqliteUsage implements UsageStore {
  readonly #thread: SqliteThread;
  readonly #sql: ReturnType<typeof createStatements>;

  constructor(thread: SqliteThread, tablePrefix: string) {
    this.#thread = thread;
    this.#sql = createStatements(tablePrefix);
  }

  /** Returns the steps by which an append adds usage. They run before the session's last seq is raised. */
  additions(sessionId: string, usage: readonly NewUsage[] = []): Step[] {
    return usage.map(({ seq, day, model, ...amounts }) => ({
      kind: 'write',
      sql: this.#sql.add,
      params: [
        day,
        JSON.stringify(model),
        amounts.costUsd,
        amounts.inputTokens,
        amounts.outputTokens,
        amounts.cacheReadTokens,
        amounts.cacheCreationTokens,
        amounts.turns,
        sessionId,
        seq,
      ],
    }));
  }

  async read(owner: string, from: Day, to: Day, limit: number): Promise<UsageRow[]> {
    const rows = await this.#thread.read(this.#sql.read, [JSON.stringify(owner), from, to, limit]);
    return rows.map((row) => ({
      day: String(row['day']),
      model: JSON.parse(String(row['model'])) as string,
      costUsd: sumUsd(Number(row['cost_usd'])),
      inputTokens: Number(row['input_tokens']),
      outputTokens: Number(row['output_tokens']),
      cacheReadTokens: Number(row['cache_read_tokens']),
      cacheCreationTokens: Number(row['cache_creation_tokens']),
      turns: Number(row['turns']),
    }));
  }

  async costUsd(owner: string, day: Day): Promise<number> {
    const [row] = await this.#thread.read(this.#sql.cost, [JSON.stringify(owner), day]);
    return sumUsd(Number(row?.['cost_usd'] ?? 0));
  }

  async trim(before: Day): Promise<void> {
    const step: Step = { kind: 'write', sql: this.#sql.trim, params: [before] };
    // Rows that reappear after a power failure are removed by a later call.
    await this.#thread.write([[step]], 'write-lazily');
  }
}

/** The columns that an addition raises. */
const AMOUNTS = [
  'cost_usd',
  'input_tokens',
  'output_tokens',
  'cache_read_tokens',
  'cache_creation_tokens',
  'turns',
];

function createStatements(prefix: string) {
  const table = `${prefix}usage`;
  const amounts = AMOUNTS.join(', ');
  return {
    // Only of new events: an append may be repeated.
    add: `insert into ${table} (owner, day, model, ${amounts})
      select owner, ?, ?, ?, ?, ?, ?, ?, ? from ${prefix}session where id = ? and last_seq < ?
      on conflict do update
      set ${AMOUNTS.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')}`,
    read: `select day, model, ${amounts} from ${table}
      where owner = ? and day between ? and ? limit ?`,
    cost: `select sum(cost_usd) as cost_usd from ${table} where owner = ? and day = ?`,
    trim: `delete from ${table} where day < ?`,
  };
}
