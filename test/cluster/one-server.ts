import { expect } from '@jest/globals';
import { checkIds } from '../durability/verify.js';
import { eventually } from '../support/eventually.js';
import { type Client, count } from './client.js';
import type { Site } from './site.js';

const MESSAGES = 24;

/**
 * Sends messages to two sessions, each to the next server, with streams of both on every server. Expects
 * that all are accepted, and that every server returns the same bytes.
 */
export async function expectOneServer(site: Site, client: Client): Promise<void> {
  const { servers } = site;
  const ids = [await client.create(site.at(0)), await client.create(site.at(1))];
  const streams = await Promise.all(
    ids.flatMap((id) => servers.map((server) => client.follow(server, id))),
  );
  const statuses: number[] = [];
  for (let place = 0; place < MESSAGES; place += 1) {
    const server = site.at(place % servers.length);
    // The other session each time that the servers have gone round.
    const id = ids[Math.floor(place / servers.length) % ids.length] ?? '';
    // oxlint-disable-next-line no-await-in-loop -- one after the other, as a balancer sends them
    const { status } = await client.say(server, id, `fail ${place}`);
    statuses.push(status);
  }
  expect(statuses).toEqual(Array.from({ length: MESSAGES }, () => 204));

  const turns = MESSAGES / ids.length;
  const areEnded = streams.map((stream) =>
    stream.until(() => count(stream.events, 'result') === turns),
  );
  await Promise.all(areEnded);
  for (const index of ids.keys()) {
    const own = streams.slice(index * servers.length, (index + 1) * servers.length);
    // oxlint-disable-next-line no-await-in-loop -- one session after the other
    await eventually(() => new Set(own.map(({ events }) => events.length)).size === 1);
    // A comment may come at any moment.
    const raw = own.map((stream) => stream.raw.replaceAll(/^:.*\n/gm, ''));
    expect(new Set(raw).size).toBe(1);
    const events = own[0]?.events ?? [];
    expect(checkIds(events)).toEqual([]);
    expect(count(events, 'user_message')).toBe(turns);
    expect(count(events, 'turn_start')).toBe(turns);
  }
  const own = ids.flatMap((id) => [`/sessions/${id}`, `/sessions/${id}/events`]);
  for (const path of [...own, '/sessions']) {
    // The number of subscribers on a server is known to the others a moment later.
    // oxlint-disable-next-line no-await-in-loop -- one path after the other
    const answers = await eventually(
      () => Promise.all(servers.map((server) => client.ask(server, 'GET', path))),
      (told) => new Set(told.map(({ body }) => body)).size === 1,
      10_000,
    );
    expect(answers.map(({ status }) => status)).toEqual(servers.map(() => 200));
  }
}
