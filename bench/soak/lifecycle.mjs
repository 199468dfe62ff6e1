// The lifecycle of a session as its clients see it. The server has to release everything it used for it.
import { setTimeout as delay } from 'node:timers/promises';

/** The number of turns and reconnects in each lifecycle. */
export const TURNS = 3;
export const RECONNECTS = 3;

/** @param index selects when the session is deleted: during a turn, while dormant, or after a turn */
export async function runLifecycle(client, owner, index) {
  const headers = { 'x-owner': owner };
  const request = async (method, path, body) =>
    (await client.request(method, path, body, headers)).body;
  const { session_id: id } = await request('POST', '/sessions', {});
  const path = `/sessions/${id}`;
  const send = (message) => request('POST', `${path}/input`, message);
  const sendText = (content) => send({ type: 'user_message', content });
  const subscribe = (after) => client.subscribe(id, after, headers);

  let stream = subscribe(0);
  await sendText('ask');
  stream = await replyToRequest(stream, subscribe, send);
  await sendText('hang');
  await stream.next('message_delta');
  await send({ type: 'interrupt' });
  await stream.next('result');
  stream.close();

  await untilDormant(() => request('GET', path));
  stream = subscribe(stream.lastSeq);
  await sendText(index % 3 === 0 ? 'hang' : 'go on');
  await stream.next(index % 3 === 0 ? 'message_delta' : 'result');
  await request('GET', `${path}/events?after=3&limit=10`);
  if (index % 3 === 1) {
    // Deletes the session while it is dormant.
    stream.close();
    await untilDormant(() => request('GET', path));
    await request('DELETE', path);
  } else {
    await request('DELETE', path);
    await stream.next('done');
    stream.close();
  }
  await expectRejection(() => request('GET', path));
}

/** Disconnects on a permission request, reconnects, and replies twice. Resolves to the new stream. */
async function replyToRequest(stream, subscribe, send) {
  const { data } = await stream.next('permission_request');
  stream.close();
  await expectRejection(() => subscribe(1_000_000).next('result'));
  const next = subscribe(stream.lastSeq);
  const allow = {
    type: 'permission_response',
    correlation_id: data.correlation_id,
    behavior: 'allow',
  };
  await send(allow);
  await expectRejection(() => send(allow));
  await next.next('result');
  return next;
}

async function untilDormant(info) {
  while ((await info()).state !== 'dormant') {
    // oxlint-disable-next-line no-await-in-loop -- polls the server
    await delay(20);
  }
}

async function expectRejection(work) {
  const wasRejected = await work().then(
    () => false,
    () => true,
  );
  if (!wasRejected) throw new Error('The server accepted a request that it should have rejected.');
}
