import { InvalidRequestError } from '../engine/errors.js';
import type { SessionFilter } from '../engine/registry/session-filter.js';
import type { ListSessionsDto } from '../protocol/dto.js';

type Query = Readonly<Record<string, unknown>>;

const MAX_CONDITIONS = 10;
const MAX_VALUE_LENGTH = 8192;

/**
 * Returns the filter in the query of `GET /sessions`.
 *
 * @param query the query as it was parsed, for its `metadata[key]=value`
 */
export function readSessionFilter(
  { q, archived, state }: ListSessionsDto,
  query: Query,
): SessionFilter {
  const metadata = readMetadata(query);
  return {
    ...(q !== undefined && { title: q }),
    ...(archived !== undefined && { archived: archived === 'true' }),
    ...(state !== undefined && { states: [state] }),
    ...(metadata && { metadata }),
  };
}

/** Most parsers of queries keep the name `metadata[key]`, some make an object of it. */
function readMetadata(query: Query): Record<string, string> | null {
  const flat = Object.entries(query).flatMap<[string, unknown]>(([name, value]) => {
    const key = /^metadata\[(.*)\]$/s.exec(name)?.[1];
    return key === undefined ? [] : [[key, value]];
  });
  const { metadata } = query;
  if (metadata !== undefined && (typeof metadata !== 'object' || metadata === null)) {
    throw new InvalidRequestError('metadata: must be given as metadata[key]=value.');
  }
  const all = [...flat, ...Object.entries(metadata ?? {})];
  if (all.length === 0) return null;
  if (all.length > MAX_CONDITIONS) {
    throw new InvalidRequestError(
      `metadata: at most ${MAX_CONDITIONS} keys are allowed, but got ${all.length}.`,
    );
  }
  const conditions = new Map<string, string>();
  for (const [key, value] of all) {
    conditions.set(key, checkValue(key, conditions.has(key) ? null : value));
  }
  return Object.fromEntries(conditions);
}

function checkValue(key: string, value: unknown): string {
  if (typeof value === 'string' && value.length <= MAX_VALUE_LENGTH) return value;
  throw new InvalidRequestError(
    `metadata[${key.slice(0, 64)}]: must be given once, with at most ${MAX_VALUE_LENGTH} characters.`,
  );
}
