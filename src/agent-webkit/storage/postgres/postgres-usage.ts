import { createHash } from 'node:crypto';
import { sumUsd } from '../../engine/sum-usd.js';
import type { Day, UsageRow, UsageStore } from '../../engine/usage.js';
import type { Database } from './database.js';
import { decodeText, encodeText } from './text.js';

/** Stores the usage of owners in PostgreSQL. The servers that share the database add to the same rows. */
export class PostgresUsage implements UsageStore {
  readonly #database: Database;
  readonly #table: string;

  /** @param schema the quoted name of the schema */
  constructor(database: Database, schema: string) {
    this.#database = database;
    this.#table = `${schema}.usage`;
  }

  async read(owner: string, from: Day, to: Day, limit: number): Promise<UsageRow[]> {
    const rows = await this.#database.query<Record<string, string>>(
      `select day, model, cost_usd, input_tokens, output_tokens, cache_read_tokens,
         cache_creation_tokens, turns
       from ${this.#table} where owner = $1 and day between $2 and $3 limit $4`,
      [ownerDigest(owner), from, to, limit],
    );
    return rows.map((row) => ({
      day: String(row['day']),
      model: decodeText(String(row['model'])),
      costUsd: sumUsd(Number(row['cost_usd'])),
      inputTokens: Number(row['input_tokens']),
      outputTokens: Number(row['output_tokens']),
      cacheReadTokens: Number(row['cache_read_tokens']),
      cacheCreationTokens: Number(row['cache_creation_tokens']),
      turns: Number(row['turns']),
    }));
  }

  async costUsd(owner: string, day: Day): Promise<number> {
    const rows = await this.#database.query<{ cost_usd: string | null }>(
      `select sum(cost_usd) as cost_usd from ${this.#table} where owner = $1 and day = $2`,
      [ownerDigest(owner), day],
    );
    return sumUsd(Number(rows[0]?.cost_usd ?? 0));
  }

  async trim(before: Day): Promise<void> {
    await this.#database.query(`delete from ${this.#table} where day < $1`, [before]);
  }
}

/** Returns the digest of an owner, which has the same length for each, as {@link addedUsage} computes it. */
function ownerDigest(owner: string): string {
  return createHash('sha256').update(encodeText(owner)).digest('base64');
}
