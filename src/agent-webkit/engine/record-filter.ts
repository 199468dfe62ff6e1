import type { SessionStateName } from '../protocol/events.js';
import { describeDetails, type SessionDetails } from './session-details.js';
import { membersOf } from './session-members.js';

/** The records that a listing contains. Each field that is present leaves out others. */
export interface RecordFilter {
  readonly archived?: boolean;
  /** A text that the title contains, both as `foldText` returns them. */
  readonly title?: string;
  /** The values that the metadata has, as text: `3` is both the number and the string. */
  readonly metadata?: Readonly<Record<string, string>>;
  /**
   * The states of the session. A storage leaves out only records whose sessions cannot be in one of them, as far as
   * it knows: the state of a session in memory is that of its server.
   */
  readonly states?: readonly SessionStateName[];
}

/** The records that a listing of all owners contains. Each field that is present leaves out others. */
export interface AllRecordsFilter extends Pick<RecordFilter, 'states'> {
  /** The owner, without what is shared with that caller. */
  readonly owner?: string;
}

/** The parts of the details by which a storage finds a record by its details. */
export interface SearchedDetails {
  readonly archived: boolean;
  /** The title as `foldText` returns it; null without one. */
  readonly title: string | null;
  /** One text for each value of the metadata, see `termsOf`. */
  readonly terms: readonly string[];
  /** The ids of the members. */
  readonly members: readonly string[];
  /** The ids of the members who may answer requests. */
  readonly approvers: readonly string[];
}

/** Returns text as it is compared: in lower case, without NUL and lone surrogates, which not every storage keeps. */
export function foldText(text: string): string {
  return text
    .normalize('NFC')
    .toLowerCase()
    .replaceAll(/[\0\p{Surrogate}]/gu, '\uFFFD');
}

/** Returns one text for each value of metadata, so that equal values of a key have equal texts. */
export function termsOf(metadata: Readonly<Record<string, string | number | boolean>>): string[] {
  return Object.entries(metadata).map(([key, value]) => JSON.stringify([key, String(value)]));
}

/** Returns what a storage searches of these details. */
export function searchedDetails(details: SessionDetails | undefined): SearchedDetails {
  if (!details) return { archived: false, title: null, terms: [], members: [], approvers: [] };
  const { title, archived, metadata } = describeDetails(details);
  const members = membersOf(details);
  return {
    archived,
    title: title === null ? null : foldText(title),
    terms: termsOf(metadata),
    members: members.map(({ id }) => id),
    approvers: members.flatMap(({ id, role }) => (role === 'approver' ? id : [])),
  };
}

/** Returns true when a filter does not leave out a session with these details, whatever its state is. */
export function matchesDetails(filter: RecordFilter, searched: SearchedDetails): boolean {
  const { archived, title, metadata = {} } = filter;
  if (archived !== undefined && archived !== searched.archived) return false;
  if (title !== undefined && !searched.title?.includes(title)) return false;
  return termsOf(metadata).every((term) => searched.terms.includes(term));
}
