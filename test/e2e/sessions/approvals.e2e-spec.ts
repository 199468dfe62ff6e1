import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RequestApprovals } from '../../../src/agent-webkit/engine/request-approvals.js';
import { digestOf } from '../../../src/agent-webkit/engine/digest.js';
import { DecisionCheck } from '../../../src/standalone/decision-check.js';
import { refused } from '../../support/refused.js';
import { result } from '../../support/sdk-messages.js';
import { ADAPTERS, type FakeAgents, startFakeApp, type TestApp } from '../../support/start-app.js';
import type { SseClient } from '../../support/sse-client.js';

const INPUT = { command: 'pay' };
const as = (token: string) => ({ authorization: `Bearer ${token}` });

describe.each(ADAPTERS)('A request that needs several approvals on %s', (adapter) => {
  let server: TestApp;
  let agents: FakeAgents;
  let id: string;
  let stream: SseClient;
  afterEach(() => server.close());

  const start = async (approvals: RequestApprovals, more = {}) => {
    ({ server, agents } = await startFakeApp(
      {
        auth: { tokens: ['ann:a', 'bob:b', 'cy:c'] },
        hooks: { canAccess: () => true },
        requests: { approvals: { 'mcp__pay__*': approvals }, ...more },
      },
      { adapter, headers: as('a') },
    ));
    id = await server.createSession();
    stream = await server.stream(id);
  };
  const ask = async (tool = 'mcp__pay__send') => {
    const answered = agents.newest().ask(tool, { ...INPUT }, { toolUseID: 't1' });
    const { data } = await stream.next('permission_request');
    return { answered, data };
  };
  const reply = (token: string, fields: object = {}) => {
    const allow = { type: 'permission_response', correlation_id: 't1', behavior: 'allow' };
    return server.request('POST', `/sessions/${id}/input`, { ...allow, ...fields }, as(token));
  };
  const pending = async () => (await server.info(id))['pending'];
  const listed = async () => {
    const { body } = await server.request('GET', '/requests', undefined, as('a'));
    return (body['requests'] as { approved_by?: string[] }[]).map(({ approved_by: by }) => by);
  };

  describe('by any callers', () => {
    beforeEach(() => start({ required: 2 }));

    it('is allowed by the second caller, and each approval is an event', async () => {
      const { answered, data } = await ask();
      expect(data).toMatchObject({ approvals: { required: 2, except_owner: false } });
      expect(await pending()).toMatchObject([{ approved_by: [] }]);
      expect((await reply('a')).status).toBe(204);
      expect((await stream.next('request_approved')).data).toEqual({
        correlation_id: 't1',
        by: 'ann',
        at: expect.stringMatching(/Z$/),
        input_digest: digestOf(INPUT),
        approvals: 1,
        required: 2,
      });
      expect(await pending()).toMatchObject([{ approved_by: ['ann'] }]);
      expect((await reply('b')).status).toBe(204);
      expect(await answered).toEqual({ behavior: 'allow', updatedInput: INPUT });
      expect((await stream.next('request_resolved')).data).toMatchObject({
        outcome: 'allowed',
        by: 'bob',
        approved_by: ['ann', 'bob'],
      });
      const response = await fetch(`${server.url}/sessions/${id}/decisions`, { headers: as('a') });
      const line = await response.text();
      expect(JSON.parse(line)).toMatchObject({ approved_by: ['ann', 'bob'] });
      expect(new DecisionCheck().add(line)).toBeNull();
    });

    it('is listed with the callers who have approved it, if it needs several approvals', async () => {
      await ask();
      expect(await listed()).toEqual([[]]);
      await reply('b');
      expect(await listed()).toEqual([['bob']]);
      void agents.newest().ask('Bash', {}, { toolUseID: 't2' });
      await stream.next('permission_request');
      expect(await listed()).toEqual([['bob'], undefined]);
      await reply('a');
      expect(await listed()).toEqual([undefined]);
    });

    it('counts one approval of each caller', async () => {
      await ask();
      await reply('a');
      expect(await reply('a')).toMatchObject(refused(403, 'forbidden', /Another caller must/));
      expect(await pending()).toMatchObject([{ approved_by: ['ann'] }]);
    });

    it('counts 20 concurrent approvals of one caller as one', async () => {
      await ask();
      const answers = await Promise.all(Array.from({ length: 20 }, () => reply('a')));
      expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
      expect(await pending()).toMatchObject([{ approved_by: ['ann'] }]);
    });

    it('is denied by one caller, also after an approval', async () => {
      const { answered } = await ask();
      await reply('a');
      expect((await reply('b', { behavior: 'deny', message: 'No.' })).status).toBe(204);
      expect(await answered).toEqual({ behavior: 'deny', message: 'No.' });
      const { data } = await stream.next('request_resolved');
      expect(data).toMatchObject({ outcome: 'denied', by: 'bob' });
      expect(data).not.toHaveProperty('approved_by');
    });

    it('is refused an edited input, and rights for later calls', async () => {
      await ask();
      const mode = { type: 'setMode', mode: 'acceptEdits', destination: 'session' };
      for (const fields of [
        { updated_input: { command: 'pay more' } },
        { updated_permissions: [mode] },
      ]) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        expect(await reply('a', fields)).toMatchObject(
          refused(400, 'invalid_request', /needs 2 approvals of the same call/),
        );
      }
      expect(await pending()).toMatchObject([{ approved_by: [] }]);
      expect((await reply('a', { updated_input: INPUT })).status).toBe(204);
    });

    it('does not concern other tools', async () => {
      const { answered, data } = await ask('Bash');
      expect(data).not.toHaveProperty('approvals');
      await reply('a');
      expect(await answered).toMatchObject({ behavior: 'allow' });
    });
  });

  it('is not approved by the owner of the session where the host excepts the owner', async () => {
    await start({ required: 2, exceptOwner: true });
    const { answered, data } = await ask();
    expect(data).toMatchObject({ approvals: { except_owner: true } });
    expect(await reply('a')).toMatchObject(refused(403, 'forbidden', /owner of the session/));
    expect((await reply('b')).status).toBe(204);
    expect((await reply('c')).status).toBe(204);
    expect(await answered).toMatchObject({ behavior: 'allow' });
    expect((await stream.next('request_resolved')).data).toMatchObject({
      approved_by: ['bob', 'cy'],
    });
  });

  it('is not approved by a member who asked for it, by a message or by an edit of one', async () => {
    await start({ required: 2, exceptOwner: true });
    const send = (token: string, content: string, message_id: string) =>
      server.request(
        'POST',
        `/sessions/${id}/input`,
        { type: 'user_message', content, message_id },
        as(token),
      );
    const [first, second] = [randomUUID(), randomUUID()];
    await send('b', 'pay', first);
    expect((await stream.next('user_message')).data).toMatchObject({ by: 'bob' });
    expect((await stream.next('turn_start')).data).toMatchObject({ by: 'bob' });
    await agents.newest().received(1);
    const { answered } = await ask();
    expect(await reply('b')).toMatchObject(
      refused(403, 'forbidden', /sent a message of this turn/),
    );
    await send('a', 'next', second);
    await server.request('PATCH', `/sessions/${id}/queue/${second}`, { content: 'pay' }, as('c'));
    expect((await stream.next('message_edited')).data).toMatchObject({ by: 'cy' });
    expect((await reply('c')).status).toBe(204);
    expect((await reply('b', { behavior: 'deny' })).status).toBe(204);
    expect(await answered).toMatchObject({ behavior: 'deny' });
    agents.newest().say(result());
    await agents.newest().received(2);
    const { answered: again } = await ask();
    expect(await reply('c')).toMatchObject(
      refused(403, 'forbidden', /sent a message of this turn/),
    );
    expect((await reply('b')).status).toBe(204);
    expect(await reply('a')).toMatchObject(refused(403, 'forbidden', /owner/));
    await reply('b', { behavior: 'deny' });
    expect(await again).toMatchObject({ behavior: 'deny' });
  });

  it('is denied when it expires, also where its tool is to be allowed', async () => {
    await start({ required: 2 }, { expiry: { '*': { afterMs: 30, decision: 'allow' } } });
    const { answered, data } = await ask();
    expect(data).toMatchObject({ expiry: { decision: 'deny' } });
    expect(await answered).toMatchObject({ behavior: 'deny' });
  });
});
