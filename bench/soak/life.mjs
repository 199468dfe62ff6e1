// The life of a session as its clients see it, with everything that a server has to release afterwards.
import { setTimeout as delay } from 'node:timers/promises';

/** How many there are in each life. */
export const TURNS = 3;
export const RECONNECTS = 3;

/** @param index by which lives differ in how they end */
export async function live(client, owner, index) {
  const headers = { 'x-owner': owner };
  const ask = async (method, path, body) => (await client.ask(method, path, body, headers)).body;
  const { session_id: id } = await ask('POST', '/sessions', {});
  const path = `/sessions/${id}`;
  const send = (message) => ask('POST', `${path}/input`, message);
  const say = (content) => send({ type: 'user_message', content });
  const follow = (after) => client.follow(id, after, headers);

  let stream = follow(0);
  await say('ask');
  stream = await answer(stream, follow, send);
  await say('hang');
  await stream.next('message_delta');
  await send({ type: 'interrupt' });
  await stream.next('result');
  stream.close();

  await asleep(() => ask('GET', path));
  stream = follow(stream.lastSeq);
  await say(index % 3 === 0 ? 'hang' : 'go on');
  await stream.next(index % 3 === 0 ? 'message_delta' : 'result');
  await ask('GET', `${path}/events?after=3&limit=10`);
  if (index % 3 === 1) {
    // Its end comes while it sleeps.
    stream.close();
    await asleep(() => ask('GET', path));
    await ask('DELETE', path);
  } else {
    await ask('DELETE', path);
    await stream.next('done');
    stream.close();
  }
  await refused(() => ask('GET', path));
}

/** Answers what the agent asks, twice, and is cut off in between. Returns the stream that goes on. */
async function answer(stream, follow, send) {
  const { data } = await stream.next('permission_request');
  stream.close();
  await refused(() => follow(1_000_000).next('result'));
  const next = follow(stream.lastSeq);
  const allow = {
    type: 'permission_response',
    correlation_id: data.correlation_id,
    behavior: 'allow',
  };
  await send(allow);
  await refused(() => send(allow));
  await next.next('result');
  return next;
}

async function asleep(info) {
  while ((await info()).state !== 'dormant') {
    // oxlint-disable-next-line no-await-in-loop -- asks again until it is so
    await delay(20);
  }
}

async function refused(work) {
  const isRefused = await work().then(
    () => false,
    () => true,
  );
  if (!isRefused) throw new Error('What should have been refused was not.');
}
