import { searchedDetails } from '../../engine/record-filter.js';
import type { EventAppend } from '../../engine/storage.js';
import { memberDigests } from './member-digests.js';
import { digest, encodeText } from './text.js';
import { addedUsage, usageValues } from './usage-statement.js';

/** The maximum number of events, and of characters of data, in one statement, unless a single append has more. */
const MAX_EVENTS = 5000;
const MAX_CHARACTERS = 4_000_000;

/** The parts of an append that most have not, so that their statement is shorter. */
export interface AppendParts {
  readonly hasNotifications: boolean;
  readonly hasRequests: boolean;
  readonly hasDetails: boolean;
  readonly hasUsage: boolean;
}

/** Returns the parts that one of the appends has. */
export function partsOf(appends: readonly EventAppend[]): AppendParts {
  return {
    hasNotifications: appends.some(({ notifications = [] }) => notifications.length > 0),
    hasRequests: appends.some(({ requests }) => requests !== undefined),
    hasDetails: appends.some(({ details }) => details !== undefined),
    hasUsage: appends.some(({ usage = [] }) => usage.length > 0),
  };
}

/**
 * Returns the statement that appends to many sessions. Its rows are the positions, in the parameters,
 * of the appends whose events are stored now. An append is omitted, with all of its events, when its
 * epoch is not that of the session, or when its events do not follow the last one. Events that exist
 * already are skipped.
 *
 * The rows are locked in a fixed order, so that two servers cannot deadlock.
 *
 * @param parts what the statement stores besides events, keys and summaries
 */
export function appendStatement(schema: string, parts: AppendParts): string {
  const notifications = parts.hasNotifications ? addedNotifications(schema) : '';
  const requests = parts.hasRequests ? changedRequests(schema, parts) : '';
  const details = parts.hasDetails ? changedDetails(parts) : { columns: '', join: '' };
  const usage = parts.hasUsage ? addedUsage(schema, firstUsageValue(parts)) : '';
  return `
    with append as (
      select * from unnest($1::int[], $2::text[], $3::int[], $4::int[], $5::int[], $6::boolean[],
          $13::int[], $14::float8[], $15::text[], $16::text[])
        as a (place, session_id, epoch, first_seq, last_seq, is_unfinished, kept_from, cost_usd,
          generations, status)
    ), accepted as (
      select append.*, session.key, session.owner, session.last_seq as stored_seq
      from append join ${schema}.session on session.id = append.session_id
      where session.epoch = append.epoch and session.last_seq >= append.first_seq - 1
      order by session.key
      for no key update of session
    ), advanced as (
      update ${schema}.session
      set last_seq = greatest(session.last_seq, accepted.last_seq),
          is_unfinished = accepted.is_unfinished,
          first_seq = accepted.kept_from,
          cost_usd = accepted.cost_usd,
          generations = coalesce(accepted.generations, session.generations),
          status = coalesce(accepted.status, session.status)${details.columns}
      from accepted${details.join} where session.key = accepted.key
    ), added_events as (
      insert into ${schema}.event (session, seq, name, data)
      select accepted.key, e.seq, e.name, e.data
      from unnest($7::int[], $8::int[], $9::text[], $10::text[]) as e (place, seq, name, data)
      join accepted using (place)
      where e.seq > accepted.stored_seq
    ), added_keys as (
      insert into ${schema}.accepted_key (session, digest, accepted_at)
      select distinct accepted.key, k.digest, now()
      from unnest($11::int[], $12::text[]) as k (place, digest)
      join accepted using (place)
      on conflict (session, digest) do update set accepted_at = excluded.accepted_at
    )${notifications}${requests}${usage}
    select place from accepted`;
}

/** Only about new events: an append may be repeated after its notifications were delivered. */
function addedNotifications(schema: string): string {
  return `, added_notifications as (
      insert into ${schema}.notification (id, body)
      select n.id, n.body
      from unnest($17::int[], $18::int[], $19::text[], $20::text[]) as n (place, seq, id, body)
      join accepted using (place)
      where n.seq > accepted.stored_seq
      on conflict (id) do nothing
    )`;
}

/** The number of the parameters of {@link requestValues}. */
const REQUEST_VALUES = 6;

/** Makes the `requests` of each append the open ones of its session. */
function changedRequests(schema: string, { hasNotifications }: AppendParts): string {
  const first = hasNotifications ? 21 : 17;
  const [changed, place, seq] = [first, first + 1, first + 2];
  const [openedAt, approvedBy, escalatedTo] = [first + 3, first + 4, first + 5];
  return `, closed_requests as (
      delete from ${schema}.open_request using accepted
      where accepted.place = any ($${changed}::int[])
        and open_request.session_id = accepted.session_id
        and not exists (
          select from unnest($${place}::int[], $${seq}::int[]) as r (place, seq)
          where r.place = accepted.place and r.seq = open_request.seq
        )
    ), opened_requests as (
      insert into ${schema}.open_request (session_id, seq, owner, opened_at, approved_by, escalated_to)
      select accepted.session_id, r.seq, accepted.owner, r.opened_at, r.approved_by, r.escalated_to
      from unnest($${place}::int[], $${seq}::int[], $${openedAt}::timestamptz[], $${approvedBy}::text[],
          $${escalatedTo}::text[])
        as r (place, seq, opened_at, approved_by, escalated_to)
      join accepted using (place)
      on conflict (session_id, seq) do update
        set approved_by = excluded.approved_by, escalated_to = excluded.escalated_to
        where (open_request.approved_by, open_request.escalated_to)
          is distinct from (excluded.approved_by, excluded.escalated_to)
    )`;
}

const changedTo = (value: string, column: string) =>
  `${column} = case when d.place is null then session.${column} else ${value} end`;

const arrayOf = (json: string) => `array(select json_array_elements_text(${json}::json))`;

/** The number of the parameters of {@link detailsValues}. */
const DETAILS_VALUES = 6;

function firstDetailsValue({ hasNotifications, hasRequests }: AppendParts): number {
  return 17 + (hasNotifications ? 4 : 0) + (hasRequests ? REQUEST_VALUES : 0);
}

function firstUsageValue(parts: AppendParts): number {
  return firstDetailsValue(parts) + (parts.hasDetails ? DETAILS_VALUES : 0);
}

/** Returns what the update of the sessions has in addition. */
function changedDetails(parts: AppendParts) {
  const first = firstDetailsValue(parts);
  const [place, details, archived, title, digests, members] = [0, 1, 2, 3, 4, 5].map(
    (n) => `$${first + n}`,
  );
  return {
    columns: `,
          ${changedTo('d.details', 'details')},
          ${changedTo('d.archived', 'archived')},
          ${changedTo('d.title', 'searched_title')},
          ${changedTo(arrayOf('d.digests'), 'metadata_digests')},
          ${changedTo(`nullif(${arrayOf('d.members')}, '{}')`, 'member_digests')}`,
    join: ` left join unnest(${place}::int[], ${details}::text[], ${archived}::boolean[],
          ${title}::text[], ${digests}::text[], ${members}::text[])
        as d (place, details, archived, title, digests, members)
        using (place)`,
  };
}

/** Returns the parameters of {@link appendStatement}. */
export function appendValues(appends: readonly EventAppend[], parts: AppendParts): unknown[][] {
  const places = [...appends.keys()];
  const events = appends.flatMap((append, place) =>
    append.events.map((event) => ({ place, ...event })),
  );
  const keys = appends.flatMap((append, place) => append.keys.map((key) => ({ place, key })));
  return [
    places,
    appends.map(({ sessionId }) => encodeText(sessionId)),
    appends.map(({ epoch }) => epoch),
    appends.map(firstSeqOf),
    appends.map(lastSeqOf),
    appends.map(({ isUnfinished }) => isUnfinished),
    events.map(({ place }) => place),
    events.map(({ seq }) => seq),
    events.map(({ name }) => encodeText(name)),
    events.map(({ data }) => encodeText(data)),
    keys.map(({ place }) => place),
    keys.map(({ key }) => digest(key)),
    appends.map(({ summary }) => summary.firstSeq),
    appends.map(({ summary }) => summary.costUsd),
    appends.map(({ summary }) => summary.generations && JSON.stringify(summary.generations)),
    appends.map(({ summary }) => summary.status && JSON.stringify(summary.status)),
    ...(parts.hasNotifications ? notificationValues(appends) : []),
    ...(parts.hasRequests ? requestValues(appends) : []),
    ...(parts.hasDetails ? detailsValues(appends) : []),
    ...(parts.hasUsage ? usageValues(appends) : []),
  ];
}

function notificationValues(appends: readonly EventAppend[]): unknown[][] {
  const all = appends.flatMap(({ notifications = [] }, place) =>
    notifications.map((notification) => ({ place, ...notification })),
  );
  return [
    all.map(({ place }) => place),
    all.map(({ seq }) => seq),
    all.map(({ id }) => encodeText(id)),
    all.map(({ body }) => encodeText(body)),
  ];
}

function requestValues(appends: readonly EventAppend[]): unknown[][] {
  const changed = appends.flatMap(({ requests }, place) => (requests ? [{ place, requests }] : []));
  const open = changed.flatMap(({ place, requests }) =>
    requests.map((request) => ({ place, ...request })),
  );
  return [
    changed.map(({ place }) => place),
    open.map(({ place }) => place),
    open.map(({ seq }) => seq),
    open.map(({ openedAt }) => openedAt.toISOString()),
    open.map(({ approvedBy }) => approvedBy && JSON.stringify(approvedBy)),
    open.map(({ escalatedTo }) => escalatedTo && JSON.stringify(escalatedTo)),
  ];
}

function detailsValues(appends: readonly EventAppend[]): unknown[][] {
  const changed = appends.flatMap(({ details }, place) =>
    details ? [{ place, details, searched: searchedDetails(details) }] : [],
  );
  return [
    changed.map(({ place }) => place),
    changed.map(({ details }) => JSON.stringify(details)),
    changed.map(({ searched }) => searched.archived),
    changed.map(({ searched }) => searched.title),
    changed.map(({ searched }) => JSON.stringify(searched.terms.map(digest))),
    changed.map(({ searched }) => JSON.stringify(memberDigests(searched) ?? [])),
  ];
}

/** Returns the `seq` of the first event of an append; 0, which follows any event, when it has none. */
export function firstSeqOf({ events }: EventAppend): number {
  return events[0]?.seq ?? 0;
}

/** Returns the `seq` of the last event of an append; 0 when it has none. */
function lastSeqOf({ events }: EventAppend): number {
  return events.at(-1)?.seq ?? 0;
}

/**
 * Splits a group, in order, into parts that each fit one statement. A part is limited in size and has
 * no session twice, because the second append would not see the events of the first one.
 */
export function splitGroup(group: readonly EventAppend[]): EventAppend[][] {
  const parts: EventAppend[][] = [];
  let ids = new Set<string>();
  let room = { events: 0, characters: 0 };
  for (const append of group) {
    const characters = append.events.reduce((sum, { data }) => sum + data.length, 0);
    const fits = room.events >= append.events.length && room.characters >= characters;
    if (parts.length === 0 || !fits || ids.has(append.sessionId)) {
      parts.push([]);
      ids = new Set();
      room = { events: MAX_EVENTS, characters: MAX_CHARACTERS };
    }
    parts.at(-1)?.push(append);
    ids.add(append.sessionId);
    room.events -= append.events.length;
    room.characters -= characters;
  }
  return parts;
}
