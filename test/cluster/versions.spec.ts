import { expect, it } from '@jest/globals';
import { Client as Connection } from 'pg';
import { expectOneServer } from './one-server.js';
import { describeCluster } from './world.js';

/** A step that servers of this version can work with, as a later version would apply it at its start. */
const NEXT_STEP = `
  begin;
  alter table agent_webkit.session add column of_a_later_version text not null default 'x';
  create table agent_webkit.of_a_later_version (session_id text primary key);
  insert into agent_webkit.migration (version, is_breaking) values (999, false);
  commit`;

describeCluster('servers whose database a later version has migrated', (world) => {
  it('go on while it is migrated, and start on it afterwards', async () => {
    const database = await world.createDatabase();
    const before = await world.open({ database, servers: 2 });
    const client = world.client();
    await expectOneServer(before, client);

    const id = await client.create(before.at(0));
    const reader = await client.follow(before.at(1), id);
    await client.say(before.at(0), id, 'permission');
    const { data } = await reader.next('permission_request');
    const connection = new Connection({ connectionString: database });
    await connection.connect();
    await connection.query(NEXT_STEP);
    await connection.end();
    const { correlation_id } = data;
    const reply = { type: 'permission_response', correlation_id, behavior: 'allow' };
    expect((await client.input(before.at(1), id, reply)).status).toBe(204);
    await reader.next('result');
    expect(reader.events.filter(({ event }) => event === 'error')).toEqual([]);

    const after = await world.open({ database, servers: 1 });
    expect((await client.say(after.at(0), id, 'fail')).status).toBe(204);
    await expectOneServer(before, client);
  }, 120_000);
});
