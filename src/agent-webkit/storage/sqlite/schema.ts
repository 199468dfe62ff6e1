import type { Migration } from '../migration.js';

/** Returns the steps from an empty file to the current tables, whose names begin with a prefix. */
export function createMigrations(prefix: string): Migration[] {
  return [
    {
      isBreaking: true,
      sql: `
    create table ${prefix}session (
      key integer primary key,
      id text not null unique,
      owner text not null,
      creation_key text,
      config text not null,
      epoch integer not null,
      server text not null,
      first_seq integer not null,
      last_seq integer not null,
      cost_usd real not null,
      is_unfinished integer not null,
      created_at integer not null,
      last_activity_at integer not null,
      unique (owner, creation_key)
    ) strict;
    create index ${prefix}session_by_activity on ${prefix}session (owner, last_activity_at desc, id);
    create index ${prefix}session_by_age on ${prefix}session (last_activity_at);
    create index ${prefix}session_unfinished on ${prefix}session (id) where is_unfinished = 1;

    create table ${prefix}event (
      session integer not null,
      seq integer not null,
      name text not null,
      data text not null,
      primary key (session, seq)
    ) strict, without rowid;

    create table ${prefix}accepted_key (
      session integer not null,
      key text not null,
      accepted_at integer not null,
      primary key (session, key)
    ) strict, without rowid;

    create table ${prefix}transcript (
      key integer primary key,
      session_id text not null,
      project text not null,
      path text not null,
      modified_at integer not null,
      summary text,
      unique (session_id, project, path)
    ) strict;
    create index ${prefix}transcript_by_project on ${prefix}transcript (project) where path = '';

    create table ${prefix}transcript_entry (
      transcript integer not null,
      place integer not null,
      uuid text,
      data text not null,
      primary key (transcript, place)
    ) strict, without rowid;
    create unique index ${prefix}transcript_entry_once
      on ${prefix}transcript_entry (transcript, uuid) where uuid is not null;
    `,
    },
    {
      isBreaking: false,
      // As JSON: an array of objects with firstSeq and offset.
      sql: `
    alter table ${prefix}session
      add column generations text not null default '[{"firstSeq":1,"offset":0}]';
    `,
    },
    {
      isBreaking: false,
      sql: `
    create table ${prefix}notification (
      key integer primary key,
      id text not null unique,
      -- As JSON.
      body text not null,
      attempts integer not null,
      -- In milliseconds since 1970. While it is claimed, the end of the claim.
      due_at integer not null
    ) strict;
    create index ${prefix}notification_due on ${prefix}notification (due_at);
    `,
    },
    {
      isBreaking: false,
      // Its event is in the table of events for as long as the request is open.
      sql: `
    create table ${prefix}open_request (
      session_id text not null,
      seq integer not null,
      owner text not null,
      opened_at integer not null,
      primary key (session_id, seq)
    ) strict, without rowid;
    create index ${prefix}open_request_by_age
      on ${prefix}open_request (owner, opened_at, session_id, seq);
    `,
    },
    {
      isBreaking: false,
      // As JSON: an array of ids. Null for a request that does not need several approvals.
      sql: `
    alter table ${prefix}open_request add column approved_by text;
    `,
    },
    {
      isBreaking: false,
      // The details as JSON, and what is searched of them.
      sql: `
    alter table ${prefix}session add column details text;
    alter table ${prefix}session add column archived integer not null default 0;
    alter table ${prefix}session add column searched_title text;
    create index ${prefix}session_archived
      on ${prefix}session (owner, last_activity_at desc, id) where archived = 1;
    create index ${prefix}session_not_archived
      on ${prefix}session (owner, last_activity_at desc, id) where archived = 0;
    create index ${prefix}session_by_creation on ${prefix}session (owner, created_at desc, id);

    create table ${prefix}metadata_term (
      owner text not null,
      term text not null,
      session_id text not null,
      primary key (owner, term, session_id)
    ) strict, without rowid;
    create index ${prefix}metadata_term_of_session on ${prefix}metadata_term (session_id);
    `,
    },
    {
      isBreaking: false,
      // As JSON: an array of names. Null until the request is escalated.
      sql: `
    alter table ${prefix}open_request add column escalated_to text;
    `,
    },
    {
      isBreaking: false,
      // The id of the member as JSON.
      sql: `
    create table ${prefix}session_member (
      member text not null,
      session_id text not null,
      role text not null,
      primary key (member, session_id)
    ) strict, without rowid;
    create index ${prefix}session_member_of_session on ${prefix}session_member (session_id);
    `,
    },
    {
      isBreaking: false,
      // The owner and the model as JSON, the day as YYYY-MM-DD.
      sql: `
    create table ${prefix}usage (
      owner text not null,
      day text not null,
      model text not null,
      cost_usd real not null,
      input_tokens integer not null,
      output_tokens integer not null,
      cache_read_tokens integer not null,
      cache_creation_tokens integer not null,
      turns integer not null,
      primary key (owner, day, model)
    ) strict, without rowid;
    create index ${prefix}usage_by_day on ${prefix}usage (day);
    `,
    },
    {
      isBreaking: false,
      // For the listing of all owners.
      sql: `
    create index ${prefix}session_all_by_creation on ${prefix}session (created_at desc, id);
    `,
    },
  ];
}
