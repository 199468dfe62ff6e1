import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { digestOf } from '../../../src/agent-webkit/engine/digest.js';
import type { RequestDecision } from '../../../src/agent-webkit/engine/session/decision.js';
import type { AgentWebkitModuleOptions } from '../../../src/agent-webkit/options/agent-webkit.options.js';
import type { DecisionRecord } from '../../../src/agent-webkit/protocol/answers.js';
import { SqliteStorage } from '../../../src/agent-webkit/storage/sqlite/sqlite-storage.js';
import { DecisionCheck } from '../../../src/standalone/decision-check.js';
import { eventually } from '../../support/eventually.js';
import { refused } from '../../support/refused.js';
import { assistant, text } from '../../support/sdk-messages.js';
import { ADAPTERS, type FakeAgents, startFakeApp, type TestApp } from '../../support/start-app.js';
import type { SseClient } from '../../support/sse-client.js';

const QUESTIONS = { questions: [{ question: 'Why?', options: [] }] };
const ISO = expect.stringMatching(/^\d{4}-.*Z$/);

const parsed = (lines: readonly string[]) =>
  lines.map((line) => JSON.parse(line) as DecisionRecord);
/** Checks the lines, and returns the numbers of the first and the last decision. */
const verified = (lines: readonly string[]) => {
  const check = new DecisionCheck();
  for (const line of lines) expect(check.add(line)).toBeNull();
  const [session] = check.sessions;
  return session && [session.first, session.last];
};

describe.each(ADAPTERS)('GET /sessions/:id/decisions on %s', (adapter) => {
  let server: TestApp;
  let agents: FakeAgents;
  let id: string;
  let stream: SseClient;
  const ends: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    await server.close();
    for (const end of ends.splice(0)) await end(); // oxlint-disable-line no-await-in-loop
  });

  const start = async (options: AgentWebkitModuleOptions = {}) => {
    ({ server, agents } = await startFakeApp(
      { auth: { tokens: ['ann:a', 'bob:b'] }, ...options },
      { adapter, headers: { authorization: 'Bearer a' } },
    ));
  };
  const open = async () => {
    id = await server.createSession();
    stream = await server.stream(id);
  };
  const ask = async (toolUseID: string, tool = 'Bash', input: object = { command: 'ls' }) => {
    const answered = agents.newest().ask(tool, { ...input }, { toolUseID });
    await stream.next(tool === 'AskUserQuestion' ? 'ask_user_question' : 'permission_request');
    return { answered };
  };
  const allow = async (toolUseID: string, fields: object = {}) => {
    const reply = { type: 'permission_response', correlation_id: toolUseID, behavior: 'allow' };
    expect((await server.input(id, { ...reply, ...fields })).status).toBe(204);
  };
  const exported = async (query = '') => {
    const response = await fetch(`${server.url}/sessions/${id}/decisions${query}`, {
      headers: { authorization: 'Bearer a', connection: 'close' },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    const body = await response.text();
    expect(body === '' || body.endsWith('\n')).toBe(true);
    return body.split('\n').filter(Boolean);
  };
  it('exports each decision as a line, linked to the one before, as onDecision has received it', async () => {
    const decisions: RequestDecision[] = [];
    await start({ hooks: { onDecision: (decision) => void decisions.push(decision) } });
    await open();
    expect(await exported()).toEqual([]);
    await ask('t1');
    await allow('t1', { updated_input: { command: 'ls -l' } });
    await ask('t2', 'AskUserQuestion', QUESTIONS);
    const answers = { 'Why?': 'So.' };
    await server.input(id, { type: 'question_response', correlation_id: 't2', answers });
    const { answered } = await ask('t3', 'Write', { file: 'a' });
    await server.input(id, { type: 'permission_response', correlation_id: 't3', behavior: 'deny' });
    await answered;

    const lines = await exported();
    expect(verified(lines)).toEqual([1, 3]);
    const [first, second, third] = parsed(lines);
    expect(first).toEqual({
      number: 1,
      session_id: id,
      correlation_id: 't1',
      kind: 'permission',
      tool_name: 'Bash',
      input: { command: 'ls' },
      input_digest: digestOf({ command: 'ls' }),
      opened_at: ISO,
      outcome: 'allowed',
      by: 'ann',
      at: ISO,
      updated_input: { command: 'ls -l' },
      updated_input_digest: digestOf({ command: 'ls -l' }),
      prev: null,
      hash: decisions[0]?.hash,
    });
    expect(second).toMatchObject({
      number: 2,
      kind: 'question',
      tool_name: 'AskUserQuestion',
      input: QUESTIONS,
      outcome: 'answered',
      updated_input: { ...QUESTIONS, answers },
      prev: first?.hash,
    });
    expect(third).toMatchObject({ number: 3, tool_name: 'Write', prev: second?.hash });
    expect(decisions.map(({ number, prev, hash }) => ({ number, prev, hash }))).toEqual(
      parsed(lines).map(({ number, prev, hash }) => ({ number, prev, hash })),
    );
    expect(parsed(await exported('?after=2'))).toEqual([third]);
    expect(await exported('?after=3')).toEqual([]);
  });

  it('may be read by those who may read the session, and by no other caller', async () => {
    let isShared = false;
    await start({
      hooks: { canAccess: (_session, _caller, action) => isShared && action === 'read' },
    });
    await open();
    await ask('t1');
    await allow('t1');
    const read = (path: string) =>
      fetch(`${server.url}${path}`, { headers: { authorization: 'Bearer b' } });
    const hidden = await read(`/sessions/${id}/decisions`);
    expect(hidden.status).toBe(404);
    expect(hidden.headers.get('content-type')).toMatch(/^application\/json/);
    isShared = true;
    expect((await read(`/sessions/${id}/decisions`)).status).toBe(200);
    await server.request('DELETE', `/sessions/${id}`);
    const deleted = await server.request('GET', `/sessions/${id}/decisions`);
    expect(deleted).toMatchObject(refused(404, 'session_not_found', /./));
    await open();
    for (const after of ['-1', '1.5', 'x']) {
      // oxlint-disable-next-line no-await-in-loop
      const answer = await server.request('GET', `/sessions/${id}/decisions?after=${after}`);
      expect(answer).toMatchObject(refused(400, 'invalid_request', /^after/));
    }
  });

  it('keeps the newest decisions when their events have left the log, over a restart, and shows that older ones are gone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'agent-webkit-decisions-'));
    ends.push(() => rm(folder, { recursive: true, force: true }));
    const options = () => ({
      storage: new SqliteStorage({ file: join(folder, 'sessions.db') }),
      workspace: { root: folder },
      retention: { maxEvents: 10, maxDecisions: 4 },
    });
    await start(options());
    await open();
    const decide = async (from: number, to: number) => {
      for (let number = from; number <= to; number += 1) {
        /* oxlint-disable no-await-in-loop -- one decision after the other */
        await ask(`t${number}`);
        await allow(`t${number}`);
        await stream.next('request_resolved');
        /* oxlint-enable no-await-in-loop */
      }
    };
    const say = async (messages: number) => {
      for (let sent = 0; sent < messages; sent += 1) {
        agents.newest().say(assistant([text('hm')]));
        await stream.next('message_complete'); // oxlint-disable-line no-await-in-loop -- of a small log
      }
    };
    await decide(1, 20);
    await say(120);
    // Their events have left the log, which has only messages.
    expect((await server.request('GET', `/sessions/${id}/events`)).body).not.toMatchObject({
      events: expect.arrayContaining([expect.objectContaining({ event: 'request_resolved' })]),
    });
    expect(verified(await exported())).toEqual([17, 20]);
    await server.close();

    await start(options());
    const { last_id } = await server.info(id);
    stream = await server.stream(id, { 'last-event-id': String(last_id) });
    expect(verified(await exported())).toEqual([17, 20]);
    await server.say(id, 'go on');
    await eventually(() => agents.agents.length > 0);
    await decide(21, 22);
    await say(120);
    expect(verified(await exported())).toEqual([19, 22]);
    expect(parsed(await exported('?after=20')).map(({ number }) => number)).toEqual([21, 22]);
    expect((await server.info(id))['pending']).toEqual([]);
  });
});
