import type { EventPayloads, UserContent } from '../protocol/events.js';
import type { ChangeSession } from '../protocol/inbound.js';
import type { SessionMetadata, TitleSource } from '../protocol/session-details.js';
import type { SessionMember } from '../protocol/session-members.js';

/** The details of a session that clients set: its title, its metadata, its members, and if it is archived. */
export interface SessionDetails {
  /** The title that a client gave; null without one. */
  readonly title: string | null;
  /** The title made from the first user message with text; null without one. */
  readonly messageTitle: string | null;
  readonly metadata: Readonly<SessionMetadata>;
  readonly archived: boolean;
  /**
   * The callers with whom the session is shared.
   *
   * @default none
   */
  readonly members?: readonly SessionMember[];
}

/** The details of a session of which nothing was noted. */
export const NO_DETAILS: SessionDetails = {
  title: null,
  messageTitle: null,
  metadata: {},
  archived: false,
};

/** The details of a session, as clients see them. */
export interface DescribedDetails {
  title: string | null;
  title_source: TitleSource;
  metadata: SessionMetadata;
  archived: boolean;
}

/** The maximum length of a title that is made from a message, in characters. */
const MAX_MESSAGE_TITLE_LENGTH = 80;
/** How much of a message is looked at. The rest of it cannot be part of its title, unless it begins with white space. */
const MAX_READ_LENGTH = 4000;

/** Returns the details as clients see them. */
export function describeDetails(details: SessionDetails): DescribedDetails {
  const { title, messageTitle, metadata, archived } = details;
  const source = messageTitle === null ? null : 'message';
  return {
    title: title ?? messageTitle,
    title_source: title === null ? source : 'client',
    metadata: { ...metadata },
    archived,
  };
}

/** Returns a short title from the text of a message; null when it has no text. */
export function titleOf(content: UserContent): string | null {
  const texts =
    typeof content === 'string'
      ? [content]
      : content.flatMap((block) => (block.type === 'text' ? [block.text] : []));
  const text = texts
    .map((each) => each.slice(0, MAX_READ_LENGTH))
    .join(' ')
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  const characters = Array.from(text.slice(0, 4 * MAX_MESSAGE_TITLE_LENGTH));
  if (characters.length <= MAX_MESSAGE_TITLE_LENGTH) return text === '' ? null : text;
  const start = characters.slice(0, MAX_MESSAGE_TITLE_LENGTH - 1).join('');
  const wholeWords = start.slice(0, Math.max(0, start.lastIndexOf(' ')));
  const isLong = wholeWords.length > MAX_MESSAGE_TITLE_LENGTH / 2;
  return `${(isLong ? wholeWords : start).trimEnd()}…`;
}

/** Returns the details that a client asks for, and null for a field that it leaves as it is. */
export function changedDetails(details: SessionDetails, asked: ChangeSession): SessionDetails {
  return {
    ...details,
    ...(asked.title !== undefined && { title: asked.title }),
    ...(asked.metadata !== undefined && { metadata: merge(details.metadata, asked.metadata) }),
    ...(asked.archived !== undefined && { archived: asked.archived ?? false }),
  };
}

/** Returns the fields that clients see differently. */
export function differencesOf(
  before: SessionDetails,
  after: SessionDetails,
): Partial<DescribedDetails> {
  const [old, described] = [describeDetails(before), describeDetails(after)];
  const isRenamed = old.title !== described.title || old.title_source !== described.title_source;
  return {
    ...(isRenamed && { title: described.title, title_source: described.title_source }),
    ...(!hasSameValues(old.metadata, described.metadata) && { metadata: described.metadata }),
    ...(old.archived !== described.archived && { archived: described.archived }),
  };
}

/** Returns the details after an event that changed them. */
export function detailsAfter(
  details: SessionDetails,
  changed: EventPayloads['session_changed'],
): SessionDetails {
  const { title, title_source, metadata, archived } = changed;
  return {
    ...details,
    ...(title !== undefined && { title: title_source === 'client' ? title : null }),
    ...(metadata !== undefined && { metadata }),
    ...(archived !== undefined && { archived }),
  };
}

/** As RFC 7396 merges objects: null removes a key, and null instead of the object all of them. */
function merge(
  metadata: Readonly<SessionMetadata>,
  asked: NonNullable<ChangeSession['metadata']> | null,
): SessionMetadata {
  if (asked === null) return {};
  const merged = Object.entries({ ...metadata, ...asked });
  return Object.fromEntries(
    merged.filter((entry): entry is [string, SessionMetadata[string]] => entry[1] !== null),
  );
}

function hasSameValues(a: Readonly<SessionMetadata>, b: Readonly<SessionMetadata>): boolean {
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && a[key] === b[key])
  );
}
