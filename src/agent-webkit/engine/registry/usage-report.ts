import type { DailyBudget, DailyBudgetState } from '../daily-budget.js';
import { InvalidRequestError } from '../errors.js';
import { type Day, dayOf, type UsageRow, type UsageStore } from '../usage.js';

/** A range of UTC days, which contains both ends. */
export interface UsageRange {
  /** As `YYYY-MM-DD`. @default 29 days before `to` */
  readonly from?: string | undefined;
  /** As `YYYY-MM-DD`. @default today */
  readonly to?: string | undefined;
}

/** The usage of one owner. */
export interface UsageReport {
  readonly from: Day;
  readonly to: Day;
  /** In the order of their days, and those of the same day in that of their models. */
  readonly usage: readonly UsageRow[];
  /** The owner's budget of the present day; null for none. */
  readonly budget: DailyBudgetState | null;
}

/** The source of the usage of all owners. */
export interface UsageSource {
  /** Undefined for a storage that does not store usage: the report is empty then. */
  readonly store: UsageStore | undefined;
  readonly dailyBudget: DailyBudget | null;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const DEFAULT_DAYS = 30;
const MAX_DAYS = 366;
const MAX_ROWS = 10_000;

/**
 * Reads the usage of an owner, also that of sessions that were deleted.
 *
 * @throws InvalidRequestError when the range is invalid, or has more than 10,000 rows
 */
export async function readUsage(
  { store, dailyBudget }: UsageSource,
  owner: string,
  range: UsageRange,
  now = Date.now(),
): Promise<UsageReport> {
  const { from, to } = checkRange(range, now);
  const rows = (await store?.read(owner, from, to, MAX_ROWS + 1)) ?? [];
  if (rows.length > MAX_ROWS) {
    throw new InvalidRequestError(
      `from: the days from ${from} to ${to} have more than ${MAX_ROWS} rows. Ask for fewer days.`,
    );
  }
  const budget = (await dailyBudget?.read(owner)) ?? null;
  return { from, to, usage: [...rows].sort(byDay), budget };
}

function checkRange({ from, to }: UsageRange, now: number): { from: Day; to: Day } {
  const last = to === undefined ? startOf(now) : parseDay('to', to);
  const first = from === undefined ? last - (DEFAULT_DAYS - 1) * DAY_MS : parseDay('from', from);
  const days = (last - first) / DAY_MS + 1;
  if (days < 1) {
    throw new InvalidRequestError(`from: must not be after ${dayAt(last)}, but got ${from}.`);
  }
  if (days > MAX_DAYS) {
    throw new InvalidRequestError(
      `from: the range must have at most ${MAX_DAYS} days, but has ${days}.`,
    );
  }
  return { from: dayAt(first), to: dayAt(last) };
}

/** Returns the beginning of a day, in milliseconds since 1970. */
function parseDay(field: string, day: string): number {
  const at = /^\d{4}-\d\d-\d\d$/.test(day) ? Date.parse(day) : Number.NaN;
  // Some days that no month has are parsed as days of the next one.
  if (Number.isFinite(at) && dayAt(at) === day) return at;
  throw new InvalidRequestError(
    `${field}: must be a day such as 2026-01-31, but got ${JSON.stringify(day.slice(0, 64))}.`,
  );
}

function startOf(time: number): number {
  return time - (time % DAY_MS);
}

function dayAt(time: number): Day {
  return dayOf(new Date(Math.max(0, time)).toISOString());
}

function byDay(a: UsageRow, b: UsageRow): number {
  if (a.day !== b.day) return a.day < b.day ? -1 : 1;
  return a.model < b.model ? -1 : 1;
}
