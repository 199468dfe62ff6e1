import type { EventPayloads, ModelUsage, WireEvent } from '../../protocol/events.js';
import { isRecord } from '../../protocol/is-record.js';
import type { EventAppend } from '../storage.js';
import { sumUsd } from '../sum-usd.js';
import { dayOf, type NewUsage, UNKNOWN_MODEL, type UsageRow } from '../usage.js';
import type { SessionState } from './session-state.js';

type Result = EventPayloads['result'];
type Row = Omit<UsageRow, 'day'>;

/** The maximum length of a model's name. */
const MAX_MODEL_LENGTH = 200;
/** More than any turn has; a larger number is not stored. */
const MAX_TOKENS = 1e12;

/**
 * The usage that the events of a session add, until an append stores it.
 *
 * The costs of all rows add up to the cost of the session, whatever its agents report by model. The difference is in the
 * row of the unknown model, which is negative when a later result contains a cost that was counted before.
 */
export class SpentUsage {
  #spentUsd = 0;
  #added: NewUsage[] = [];

  /** Call it when the state was read from the storage. */
  restore({ spentUsd }: Pick<SessionState, 'spentUsd'>): void {
    this.#spentUsd = spentUsd;
  }

  /** Call it with each new event, when the state contains it. */
  observe(seq: number, wire: WireEvent, time: string, state: Pick<SessionState, 'spentUsd'>): void {
    if (wire.event !== 'result' && wire.event !== 'turn_waiting') return;
    const costUsd = sumUsd(state.spentUsd, -this.#spentUsd);
    this.#spentUsd = state.spentUsd;
    const rows = wire.event === 'result' ? rowsOf(wire.data, costUsd) : [unknownRow(costUsd, 0)];
    const day = dayOf(time);
    this.#added.push(...rows.filter(isUsed).map((row) => ({ seq, day, ...row })));
  }

  /** Returns what the events of the next append add. */
  take(): Pick<EventAppend, 'usage'> {
    if (this.#added.length === 0) return NOTHING;
    const usage = this.#added;
    this.#added = [];
    return { usage };
  }
}

const NOTHING: Pick<EventAppend, 'usage'> = {};

/** @param costUsd what the session has cost since the last row */
function rowsOf(result: Result, costUsd: number): Row[] {
  const models = Object.entries(result.model_usage ?? {}).map(([model, of]) => rowOf(model, of));
  const otherUsd = sumUsd(costUsd, ...models.map((row) => -row.costUsd));
  if (models.length === 0) return [{ ...unknownRow(otherUsd, 1), ...tokensOf(result.usage) }];
  const dearest = models.reduce((a, b) => (b.costUsd > a.costUsd ? b : a));
  const counted = models.map((row) => (row === dearest ? { ...row, turns: 1 } : row));
  return [...counted, unknownRow(otherUsd, 0)];
}

function rowOf(model: string, usage: ModelUsage): Row {
  const { cost_usd: usd } = usage;
  const costUsd = Number.isFinite(usd) && usd > 0 ? sumUsd(usd) : 0;
  return { model: model.slice(0, MAX_MODEL_LENGTH), costUsd, ...tokensOf(usage), turns: 0 };
}

function unknownRow(costUsd: number, turns: number): Row {
  return { model: UNKNOWN_MODEL, costUsd, ...tokensOf(null), turns };
}

/** Returns the tokens of a usage as the API or the SDK reports it; 0 for what it does not. */
function tokensOf(
  usage: unknown,
): Pick<Row, 'inputTokens' | 'outputTokens' | 'cacheReadTokens' | 'cacheCreationTokens'> {
  const count = (field: string): number => {
    const value = isRecord(usage) ? usage[field] : 0;
    return typeof value === 'number' && value > 0 && value <= MAX_TOKENS ? Math.round(value) : 0;
  };
  return {
    inputTokens: count('input_tokens'),
    outputTokens: count('output_tokens'),
    cacheReadTokens: count('cache_read_input_tokens'),
    cacheCreationTokens: count('cache_creation_input_tokens'),
  };
}

function isUsed({ costUsd, turns, inputTokens, outputTokens, ...cache }: Row): boolean {
  const { cacheReadTokens, cacheCreationTokens } = cache;
  const tokens = inputTokens + outputTokens + cacheReadTokens + cacheCreationTokens;
  return costUsd !== 0 || turns > 0 || tokens > 0;
}
