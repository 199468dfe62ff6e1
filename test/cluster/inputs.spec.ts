import { randomUUID } from 'node:crypto';
import { beforeEach, expect, it } from '@jest/globals';
import type { SseClient } from '../support/sse-client.js';
import { type Client, count } from './client.js';
import type { Site } from './site.js';
import { describeCluster } from './world.js';

describeCluster('a session that another server runs', (world) => {
  let site: Site;
  let client: Client;
  let id: string;
  /** On the server that runs the session. */
  let stream: SseClient;
  beforeEach(async () => {
    site = await world.open();
    client = world.client();
    id = await client.create(site.at(0));
    stream = await client.follow(site.at(0), id);
  }, 60_000);

  /** Sends a message by a server that does not run the session. Returns the status. */
  const tell = async (message: object) => (await client.input(site.at(1), id, message)).status;

  it('takes each type of message', async () => {
    expect(await tell({ type: 'user_message', content: 'permission' })).toBe(204);
    const { data: permission } = await stream.next('permission_request');
    const allow = { type: 'permission_response', behavior: 'allow' };
    expect(await tell({ ...allow, correlation_id: permission['correlation_id'] })).toBe(204);
    expect((await stream.next('request_resolved')).data).toMatchObject({ outcome: 'allowed' });
    await stream.next('result');

    expect(await tell({ type: 'user_message', content: 'question' })).toBe(204);
    const { data: question } = await stream.next('ask_user_question');
    const answers = {
      'Which color do you like best?': 'Green',
      'What are you building?': 'A service',
    };
    const response = { type: 'question_response', correlation_id: question['correlation_id'] };
    expect(await tell({ ...response, answers })).toBe(204);
    expect((await stream.next('request_resolved')).data).toMatchObject({ outcome: 'answered' });
    await stream.next('result');

    expect(await tell({ type: 'set_permission_mode', mode: 'plan' })).toBe(204);
    const changed = await stream.next('permission_mode_changed');
    expect(changed.data).toEqual({ permission_mode: 'plan' });
    expect(await tell({ type: 'set_model', model: 'another' })).toBe(204);
    const { body } = await client.ask(site.at(2), 'GET', `/sessions/${id}`);
    expect(JSON.parse(body)).toMatchObject({ permission_mode: 'plan', model: 'another' });

    expect(await tell({ type: 'user_message', content: 'long' })).toBe(204);
    await stream.next('message_delta');
    // The demo has no task: this is the refusal of the server that runs the session.
    expect(await tell({ type: 'stop_task', task_id: 'none' })).toBe(409);
    expect(await tell({ type: 'interrupt' })).toBe(204);
    await stream.next('result');
  }, 90_000);

  it('is deleted by any server, and ends on all of them', async () => {
    const streams = await Promise.all(site.servers.map((server) => client.follow(server, id)));
    const deleted = await client.ask(site.at(2), 'DELETE', `/sessions/${id}`);
    expect(deleted.status).toBe(204);
    await Promise.all(streams.map((one) => one.next('done')));
    for (const server of site.servers) {
      // oxlint-disable-next-line no-await-in-loop -- one server after the other
      expect((await client.ask(server, 'GET', `/sessions/${id}`)).status).toBe(404);
      // oxlint-disable-next-line no-await-in-loop -- so is this
      expect((await client.say(server, id, 'hello')).status).toBe(404);
    }
  }, 60_000);

  it('takes the first reply of several servers', async () => {
    for (let round = 1; round <= 3; round += 1) {
      /* oxlint-disable no-await-in-loop -- one turn after the other */
      await tell({ type: 'user_message', content: 'permission' });
      const { data } = await stream.next('permission_request');
      const { correlation_id } = data;
      const reply = { type: 'permission_response', correlation_id, behavior: 'allow' };
      const answers = await Promise.all(
        [...site.servers, ...site.servers].map((server) => client.input(server, id, reply)),
      );
      const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
      expect(statuses).toEqual([204, 409, 409, 409, 409, 409]);
      await stream.next('result');
      expect(count(stream.events, 'request_resolved')).toBe(round);
      /* oxlint-enable no-await-in-loop */
    }
  }, 90_000);

  it('starts one turn for a message that is sent to several servers', async () => {
    const messageId = randomUUID();
    const all = [...site.servers, ...site.servers];
    const answers = await Promise.all(
      all.map((server) => client.say(server, id, 'fail', messageId)),
    );
    expect(answers.map(({ status }) => status)).toEqual(all.map(() => 204));
    const key = { 'idempotency-key': randomUUID() };
    const message = { type: 'user_message', content: 'fail again' };
    const keyed = await Promise.all(
      all.map((server) => client.ask(server, 'POST', `/sessions/${id}/input`, message, key)),
    );
    expect(keyed.map(({ status }) => status)).toEqual(all.map(() => 204));
    await stream.until(() => count(stream.events, 'result') === 2);
    // A third turn would start at once.
    await client.say(site.at(2), id, 'fail at last');
    await stream.until(() => count(stream.events, 'result') === 3);
    expect(count(stream.events, 'user_message')).toBe(3);
    expect(count(stream.events, 'turn_start')).toBe(3);
  }, 60_000);

  it('is created once with one Idempotency-Key on several servers', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const answers = await Promise.all(
      site.servers.map((server) => client.ask(server, 'POST', '/sessions', {}, key)),
    );
    expect(answers.map(({ status }) => status)).toEqual(site.servers.map(() => 200));
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
    const { body } = await client.ask(site.at(2), 'GET', '/sessions');
    expect((JSON.parse(body) as { sessions: unknown[] }).sessions).toHaveLength(2);
  }, 60_000);
});
