import type { SessionStateName } from '../../protocol/events.js';
import { foldText, matchesDetails, type RecordFilter, termsOf } from '../record-filter.js';
import type { DescribedSession } from '../session/session-info.js';

/** The sessions that a listing contains. Each field that is present leaves out others. */
export interface SessionFilter {
  /** A text that the title contains, in upper or lower case. */
  readonly title?: string;
  readonly archived?: boolean;
  readonly states?: readonly SessionStateName[];
  /** The values that the metadata has, as text: `3` is both the number and the string. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Returns the filter of a storage, which leaves out what it can. */
export function recordFilter({ title, ...filter }: SessionFilter): RecordFilter {
  return { ...filter, ...(title !== undefined && { title: foldText(title) }) };
}

/** Returns true for a session that a filter does not leave out, as it is now: its record may be older. */
export function matchesSession(
  filter: RecordFilter,
  { title, archived, metadata, state }: DescribedSession,
): boolean {
  if (filter.states && !filter.states.includes(state)) return false;
  return matchesDetails(filter, {
    title: title === null ? null : foldText(title),
    archived,
    terms: termsOf(metadata),
    members: [],
    approvers: [],
  });
}
