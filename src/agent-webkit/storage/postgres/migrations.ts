import type { Migration } from '../migration.js';

/**
 * The steps from an empty schema to the current one. The version of a schema is the number of steps
 * that were applied.
 *
 * There are no foreign keys to `session`: an append locks the session's row before it inserts, and
 * one check for each event would cost more than the insert.
 */
export const MIGRATIONS: readonly Migration[] = [
  {
    isBreaking: true,
    sql: `
  create table session (
    key bigint generated always as identity primary key,
    id text collate "C" not null unique,
    owner text collate "C" not null,
    -- The digest of the creating request's idempotency key.
    creation_digest text collate "C",
    config text not null,
    epoch int not null,
    -- The number of the advisory lock that the owning server holds while it runs.
    server bigint not null,
    first_seq int not null default 1,
    last_seq int not null default 0,
    cost_usd double precision not null default 0,
    is_unfinished boolean not null default false,
    created_at timestamptz not null,
    last_activity_at timestamptz not null
  ) with (fillfactor = 70);

  create unique index session_creation on session (owner, creation_digest)
    where creation_digest is not null;
  create index session_listing on session (owner, last_activity_at desc, id);
  create index session_activity on session (last_activity_at);
  create index session_unfinished on session (id) where is_unfinished;

  create table event (
    session bigint not null,
    seq int not null,
    name text not null,
    data text not null,
    primary key (session, seq)
  );

  create table accepted_key (
    session bigint not null,
    digest text collate "C" not null,
    accepted_at timestamptz not null,
    primary key (session, digest)
  );

  create table transcript (
    key bigint generated always as identity primary key,
    session_id text collate "C" not null,
    project_key text collate "C" not null,
    -- Empty for the main transcript.
    subpath text collate "C" not null,
    -- In milliseconds since 1970.
    mtime bigint not null,
    last_position int not null,
    summary text,
    unique (session_id, project_key, subpath)
  );

  create index transcript_project on transcript (project_key) where subpath = '';

  create table transcript_entry (
    transcript bigint not null references transcript on delete cascade,
    position int not null,
    uuid text collate "C",
    entry text not null,
    primary key (transcript, position)
  );

  create unique index transcript_entry_uuid on transcript_entry (transcript, uuid)
    where uuid is not null;

  -- Makes each commit durable, even if the host turned synchronous_commit off for its own tables.
  -- Every write changes a row of one of these two tables.
  create function commit_to_disk() returns trigger language plpgsql as $$
  begin
    if current_setting('synchronous_commit') = 'off' then
      perform set_config('synchronous_commit', 'on', true);
    end if;
    return null;
  end $$;

  create trigger commit_to_disk before insert or update or delete on session
    for each statement execute function commit_to_disk();
  create trigger commit_to_disk before insert or update or delete on transcript
    for each statement execute function commit_to_disk();
  `,
  },
  {
    isBreaking: false,
    sql: `
  -- As JSON: an array of objects with firstSeq and offset.
  alter table session
    add column generations text not null default '[{"firstSeq":1,"offset":0}]';
  `,
  },
  {
    // Servers of earlier releases take over the sessions of servers that are running: they look for locks
    // of the database, which later releases do not hold.
    isBreaking: true,
    sql: `
  -- The address of the server that runs the session. Null when it was released: any server may take it over.
  alter table session drop column server;
  alter table session add column server text collate "C";
  -- As JSON: an object with state, pending and tasks.
  alter table session add column status text;

  -- By which servers encrypt their messages to each other.
  create table message_key (
    is_only boolean primary key default true check (is_only),
    key text collate "C" not null
  );

  -- The tables below are not logged, so that a renewal waits for no disk. A crash of the database empties
  -- them, after which the servers renew their leases before one of them takes a session over.
  create unlogged table server (
    address text collate "C" primary key,
    lease_ms int not null,
    lease_until timestamptz not null,
    -- Since then, the lease has been valid without a gap.
    continuous_since timestamptz not null,
    -- It has stopped, and needs its sessions no more.
    has_left boolean not null default false,
    free_agents int not null,
    is_draining boolean not null
  ) with (fillfactor = 50);

  create unlogged table forwarded_request (
    id uuid primary key,
    sender text collate "C" not null,
    recipient text collate "C" not null,
    body text not null,
    reply text,
    created_at timestamptz not null
  );
  create index forwarded_request_waiting on forwarded_request (recipient, created_at)
    where reply is null;

  create unlogged table subscriber (
    server text collate "C" not null references server on delete cascade,
    session_id text collate "C" not null references session (id) on delete cascade,
    count int not null,
    primary key (server, session_id)
  );
  create index subscriber_session on subscriber (session_id);

  -- The creations of sessions in the last minute.
  create unlogged table creation (
    -- The digest of the session's owner.
    owner text collate "C" primary key,
    times timestamptz[] not null,
    -- Of the last call, also when it was refused.
    called_at timestamptz not null
  );
  `,
  },
  {
    isBreaking: false,
    sql: `
  create table notification (
    key bigint generated always as identity primary key,
    id text collate "C" not null unique,
    -- As JSON.
    body text not null,
    attempts int not null default 0,
    -- While it is claimed, the end of the claim.
    due_at timestamptz not null default now()
  );
  create index notification_due on notification (due_at);
  `,
  },
  {
    isBreaking: false,
    sql: `
  -- The open requests of all sessions. The event of a request is kept for as long as it is open. Servers of
  -- earlier releases delete sessions without them, which the foreign key completes.
  create table open_request (
    session_id text collate "C" not null references session (id) on delete cascade,
    seq int not null,
    owner text collate "C" not null,
    opened_at timestamptz not null,
    primary key (session_id, seq)
  );
  create index open_request_by_age on open_request (owner, opened_at, session_id, seq);
  `,
  },
  {
    isBreaking: false,
    // As JSON: an array of ids. Null for a request that does not need several approvals, or whose server is of an earlier release.
    sql: `alter table open_request add column approved_by text`,
  },
  {
    isBreaking: false,
    sql: `
  -- As JSON, and what is searched of it.
  alter table session add column details text;
  alter table session add column archived boolean not null default false;
  alter table session add column searched_title text collate "C";
  -- The digest of each value of the metadata with its key.
  alter table session add column metadata_digests text[] collate "C";

  create index session_archived on session (owner, last_activity_at desc, id) where archived;
  create index session_not_archived on session (owner, last_activity_at desc, id)
    where not archived;
  create index session_by_creation on session (owner, created_at desc, id);
  create index session_metadata on session using gin (metadata_digests)
    where metadata_digests is not null;
  `,
  },
  {
    isBreaking: false,
    // As JSON: an array of names. Null until the request is escalated.
    sql: `alter table open_request add column escalated_to text`,
  },
  {
    isBreaking: false,
    sql: `
  -- The digest of each member, and another one of each approver. Null without members.
  alter table session add column member_digests text[] collate "C";
  create index session_members on session using gin (member_digests)
    where member_digests is not null;
  `,
  },
  {
    isBreaking: false,
    sql: `
  -- What the sessions of an owner used of a model on a UTC day, also of sessions that were deleted.
  create table usage (
    -- The digest of the owner, which has the same length for each.
    owner text collate "C" not null,
    day text collate "C" not null,
    model text collate "C" not null,
    cost_usd double precision not null,
    input_tokens bigint not null,
    output_tokens bigint not null,
    cache_read_tokens bigint not null,
    cache_creation_tokens bigint not null,
    turns bigint not null,
    primary key (owner, day, model)
  ) with (fillfactor = 70);
  create index usage_by_day on usage (day);
  `,
  },
  {
    isBreaking: false,
    // For the listing of all owners.
    sql: `create index session_all_by_creation on session (created_at desc, id)`,
  },
];
