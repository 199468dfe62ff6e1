// Creates many dormant sessions in seconds: the engine runs one session, and the database copies it,
// each copy with its own id, time and owner.
import { Client } from 'pg';
import { NestFactory } from '@nestjs/core';
import { SessionRegistry } from '../../dist/agent-webkit/engine/registry/session-registry.js';
import { POSTGRES_URL, storages } from '../storage/storages.mjs';
import { hostModule } from './host-module.mjs';

/** The owner of the first `ofOne` copies. Each other owner has ten copies. */
export const OWNER_OF_MANY = 'many';

/**
 * Fills a storage with sessions. Resolves to the seq of their last event and to an owner with ten
 * sessions, who owns all sessions if there are only ten.
 */
export async function fill(kind, place, { sessions, ofOne }) {
  const model = await createModel(kind, place);
  await copies[kind](place, { model: model.id, sessions, ofOne });
  const hasOthers = sessions - ofOne >= 20;
  const ownerOfFew = hasOthers ? `few-${Math.floor(sessions / 10) - 1}` : OWNER_OF_MANY;
  return { lastSeq: model.lastSeq, ownerOfFew };
}

async function createModel(kind, place) {
  const { storage, end } = storages[kind].open(place);
  const app = await NestFactory.createApplicationContext(hostModule(storage), {
    logger: ['error'],
  });
  try {
    const registry = app.get(SessionRegistry);
    const caller = { id: 'model' };
    const { id } = await registry.create({}, caller);
    await registry.send(id, { type: 'user_message', content: 'Tell me something.' }, caller);
    const session = await registry.get(id, caller);
    await ended(session);
    await session.stopIdleAgent();
    return { id, lastSeq: session.info().last_id };
  } finally {
    await app.close();
    await end();
  }
}

/** Resolves when the first turn of a session has ended. */
function ended(session) {
  return new Promise((resolve) => {
    const read = () => {
      const reading = subscription.read(Number.POSITIVE_INFINITY);
      const isOver =
        reading.kind === 'events' && reading.events.some(({ name }) => name === 'result');
      if (!isOver) return;
      subscription.close();
      resolve();
    };
    const subscription = session.subscribe(0, read);
    read();
  });
}

const random = (bytes) => `lower(hex(randomblob(${bytes})))`;
/** An id as the engine creates it, so that ids are spread over the indexes. */
const randomUuid = [4, 2, 2, 2, 6].map(random).join(` || '-' || `);

const copies = { sqlite: copyInSqlite, postgres: copyInPostgres };

async function copyInSqlite(folder, { model, sessions, ofOne }) {
  const builtin = process.getBuiltinModule('node:sqlite')?.DatabaseSync;
  const DatabaseOf = builtin ?? (await import('libsql')).default;
  const database = new DatabaseOf(`${folder}/sessions.db`);
  database.exec(`
    begin;
    with recursive copy (n) as (select 1 union all select n + 1 from copy where n < ${sessions})
    insert into agent_webkit_session (id, owner, config, epoch, server, first_seq, last_seq,
      cost_usd, is_unfinished, created_at, last_activity_at)
    select ${randomUuid},
      case when n <= ${ofOne} then '"${OWNER_OF_MANY}"' else '"few-' || (n / 10) || '"' end,
      config, epoch, server, first_seq, last_seq, cost_usd, is_unfinished,
      created_at - n * 1000, last_activity_at - n * 1000
    from copy, agent_webkit_session where id = '${model}';

    insert into agent_webkit_event (session, seq, name, data)
    select copy.key, event.seq, event.name, replace(event.data, '${model}', copy.id)
    from agent_webkit_session copy, agent_webkit_session model
    join agent_webkit_event event on event.session = model.key
    where model.id = '${model}' and copy.key <> model.key order by copy.key, event.seq;

    delete from agent_webkit_event
    where session = (select key from agent_webkit_session where id = '${model}');
    delete from agent_webkit_session where id = '${model}';
    commit`);
  database.close();
}

async function copyInPostgres(schema, { model, sessions, ofOne }) {
  const client = new Client({ connectionString: POSTGRES_URL });
  await client.connect();
  try {
    await client.query(`
      begin;
      set local search_path to ${schema};
      insert into session (id, owner, config, epoch, server, first_seq, last_seq, cost_usd,
        is_unfinished, created_at, last_activity_at)
      select gen_random_uuid(),
        case when n <= ${ofOne} then '${OWNER_OF_MANY}' else 'few-' || (n / 10) end,
        config, epoch, server, first_seq, last_seq, cost_usd, is_unfinished,
        created_at - n * interval '1 second', last_activity_at - n * interval '1 second'
      from generate_series(1, ${sessions}) n, session where id = '${model}';

      insert into event (session, seq, name, data)
      select copy.key, event.seq, event.name, replace(event.data, '${model}', copy.id)
      from session copy, session model join event on event.session = model.key
      where model.id = '${model}' and copy.key <> model.key order by copy.key, event.seq;

      delete from event where session = (select key from session where id = '${model}');
      delete from session where id = '${model}';
      commit`);
    // Otherwise autovacuum would run during the measurement.
    await client.query(`vacuum analyze ${schema}.session`);
    await client.query(`vacuum analyze ${schema}.event`);
  } finally {
    await client.end();
  }
}
