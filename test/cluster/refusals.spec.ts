import { expect, it } from '@jest/globals';
import { describeCluster } from './world.js';

const ALICE = 'token-of-alice-for-tests';
const BOB = 'token-of-bob-for-tests';

const SETTINGS = {
  AGENT_WEBKIT_NO_AUTH: '0',
  AGENT_WEBKIT_TOKEN: `alice:${ALICE},bob:${BOB}`,
  AGENT_WEBKIT_MAX_TEXT_LENGTH: '1000',
  AGENT_WEBKIT_MODELS: 'one,two',
};

const text = (content: string) => ({ type: 'user_message', content });

describeCluster('a server that passes requests on', (world) => {
  it('answers with the refusals of the server that runs the session', async () => {
    const site = await world.open({ settings: SETTINGS });
    const alice = world.client({ token: ALICE });
    const id = await alice.create(site.at(0), { model: 'one' });
    const refused: [number, object][] = [
      [400, { type: 'user_message' }],
      [403, { type: 'set_model', model: 'three' }],
      [403, text('/unknown command')],
      [403, { type: 'set_permission_mode', mode: 'bypassPermissions' }],
      [409, { type: 'permission_response', correlation_id: 'none', behavior: 'allow' }],
      [409, { type: 'stop_task', task_id: 'none' }],
      [413, text('x'.repeat(1001))],
    ];
    for (const [status, message] of refused) {
      // oxlint-disable-next-line no-await-in-loop -- one message after the other
      const answers = await Promise.all(
        site.servers.map((server) => alice.input(server, id, message)),
      );
      expect(answers.map((answer) => answer.status)).toEqual([status, status, status]);
      expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
    }
  }, 60_000);

  it('keeps a session from another caller, and refuses a cursor that is ahead', async () => {
    const site = await world.open({ settings: SETTINGS });
    const [alice, bob] = [world.client({ token: ALICE }), world.client({ token: BOB })];
    const stranger = world.client({ token: 'token-of-no-one-at-all' });
    const id = await alice.create(site.at(0));
    for (const server of site.servers) {
      /* oxlint-disable no-await-in-loop -- one server after the other */
      expect((await stranger.say(server, id, 'hello')).status).toBe(401);
      expect((await bob.say(server, id, 'hello')).status).toBe(404);
      expect((await bob.follow(server, id)).status).toBe(404);
      expect((await bob.ask(server, 'GET', `/sessions/${id}`)).status).toBe(404);
      expect((await bob.ask(server, 'DELETE', `/sessions/${id}`)).status).toBe(404);
      const { body } = await bob.ask(server, 'GET', '/sessions');
      expect(JSON.parse(body)).toMatchObject({ sessions: [] });
      expect((await alice.follow(server, id, 1000)).status).toBe(412);
      /* oxlint-enable no-await-in-loop */
    }
  }, 60_000);
});
