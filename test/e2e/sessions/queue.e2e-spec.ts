import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { invalid } from '../../support/refused.js';
import { result } from '../../support/sdk-messages.js';
import type { SseClient } from '../../support/sse-client.js';
import { ADAPTERS, type FakeAgents, startFakeApp, type TestApp } from '../../support/start-app.js';

const refused = (status: number, code: string) => ({ status, body: { code } });

describe.each(ADAPTERS)('The queue of a session on %s', (adapter) => {
  let server: TestApp;
  let agents: FakeAgents;
  let id: string;
  let stream: SseClient;
  beforeEach(async () => {
    ({ server, agents } = await startFakeApp(
      { limits: { maxTextLength: 20 }, agent: { commands: [] } },
      { adapter },
    ));
    id = await server.createSession();
    stream = await server.stream(id);
    await server.say(id, 'work');
    await stream.next('turn_start');
  });
  afterEach(() => server.close());

  const queue = async (content: string, more: object = {}) => {
    const message_id = randomUUID();
    const message = { type: 'user_message', content, message_id, ...more };
    expect((await server.input(id, message)).status).toBe(204);
    return message_id;
  };
  const path = (messageId: string, session = id) => `/sessions/${session}/queue/${messageId}`;
  const edit = (messageId: string, content: unknown, headers: Record<string, string> = {}) =>
    server.request('PATCH', path(messageId), { content }, headers);
  const withdraw = (messageId: string) => server.request('DELETE', path(messageId));

  it('has the edited content of a message, at its old place', async () => {
    const first = await queue('frist');
    await queue('second');
    expect(await edit(first, 'first')).toMatchObject({ status: 204, body: {} });
    expect((await edit(first, 'first')).status).toBe(204);
    expect((await stream.next('message_edited')).data).toEqual({
      message_id: first,
      content: 'first',
      by: 'anonymous',
    });

    agents.newest().say(result());
    expect(await agents.newest().received(2)).toMatchObject({ content: 'first' });
    agents.newest().say(result());
    expect(await agents.newest().received(3)).toMatchObject({ content: 'second' });
    const { body } = await server.request('GET', `/sessions/${id}/events`);
    const names = (body['events'] as { event: string }[]).map(({ event }) => event);
    expect(names.filter((name) => name === 'message_edited')).toHaveLength(1);
  });

  it('makes an edit with a key once', async () => {
    const message = await queue('one');
    await edit(message, 'two', { 'idempotency-key': 'a' });
    await edit(message, 'three');
    expect((await edit(message, 'two', { 'idempotency-key': 'a' })).status).toBe(204);
    agents.newest().say(result());
    expect(await agents.newest().received(2)).toMatchObject({ content: 'three' });
  });

  it('no longer has a message that was withdrawn', async () => {
    const message = await queue('never mind');
    await queue('go on');
    expect((await withdraw(message)).status).toBe(204);
    expect((await withdraw(message)).status).toBe(204);
    expect((await stream.next('message_withdrawn')).data).toEqual({
      message_id: message,
      by: 'anonymous',
    });
    expect(await edit(message, 'again')).toMatchObject(refused(409, 'message_not_queued'));

    agents.newest().say(result());
    expect(await agents.newest().received(2)).toMatchObject({ content: 'go on' });
  });

  it('changes no message that the agent has', async () => {
    const steered = await queue('left', { delivery: 'next_step' });
    const running = agents.newest().inputs[0]?.messageId ?? '';
    expect(await withdraw(running)).toMatchObject(refused(409, 'message_not_queued'));
    expect(agents.newest().start.steering?.take()).toMatchObject([{ messageId: steered }]);
    expect(await edit(steered, 'right')).toMatchObject(refused(409, 'message_not_queued'));
    expect(await withdraw(steered)).toMatchObject(refused(409, 'message_not_queued'));
    agents.newest().start.steering?.delivered(steered);
    await stream.next('message_delivered');
    expect(await withdraw(steered)).toMatchObject(refused(409, 'message_not_queued'));
  });

  it('rejects an unknown message, session and id', async () => {
    const unknown = randomUUID();
    expect(await edit(unknown, 'x')).toMatchObject(refused(404, 'message_not_found'));
    expect(await withdraw(unknown)).toMatchObject(refused(404, 'message_not_found'));
    expect(await server.request('DELETE', path(unknown, randomUUID()))).toMatchObject(
      refused(404, 'session_not_found'),
    );
    expect(await withdraw('%00')).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(await edit('one', 'x')).toMatchObject(
      invalid('message_id: must be a UUID, but got "one".'),
    );
  });

  it('rejects a content that a message may not have', async () => {
    const message = await queue('short');
    expect(await edit(message, 'x'.repeat(21))).toMatchObject(refused(413, 'payload_too_large'));
    expect(await edit(message, '/clear')).toMatchObject(refused(403, 'forbidden'));
    expect(await edit(message, ' ')).toMatchObject({ status: 400 });
    expect(await server.request('PATCH', path(message), {})).toMatchObject({ status: 400 });
  });

  it('rejects an unknown delivery', async () => {
    const answer = await server.input(id, {
      type: 'user_message',
      content: 'x',
      delivery: 'now',
    });
    expect(answer).toMatchObject(
      invalid('delivery: must be one of the following values: queue, next_step, but got "now".'),
    );
  });
});
