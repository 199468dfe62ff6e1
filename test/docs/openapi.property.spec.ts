import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import * as fc from 'fast-check';
import { agentWebkitOpenApi } from '../../src/index.js';
import { demoScript, scriptedSdkFactory } from '../../src/testing.js';
import type { SseEvent } from '../support/sse-client.js';
import { startApp, type TestApp } from '../support/start-app.js';

const UUID = '6f0f1f5e-8f0e-4b1c-9d3e-0c7a5d3b2a10';
const image = (data: string) => ({
  type: 'image',
  source: { type: 'base64', media_type: 'image/png', data },
});

/** Valid bodies, from which invalid ones are derived. */
const CREATIONS = [
  {},
  { model: 'a-model', permission_mode: 'plan', cwd: '.', include_partial_messages: true },
];
const MESSAGES = [
  { type: 'user_message', content: 'hi', message_id: UUID },
  { type: 'user_message', content: [{ type: 'text', text: 'a' }, image('AAAA')] },
  { type: 'interrupt' },
  {
    type: 'permission_response',
    correlation_id: 'c',
    behavior: 'allow',
    updated_input: {},
    updated_permissions: [
      {
        type: 'addRules',
        behavior: 'allow',
        rules: [{ toolName: 'Bash' }],
        destination: 'session',
      },
      { type: 'setMode', mode: 'plan', destination: 'session' },
      { type: 'addDirectories', directories: ['a'], destination: 'session' },
    ],
  },
  {
    type: 'permission_response',
    correlation_id: 'c',
    behavior: 'deny',
    message: 'no',
    interrupt: true,
  },
  { type: 'question_response', correlation_id: 'c', answers: { a: 'b' } },
  { type: 'set_permission_mode', mode: 'acceptEdits' },
  { type: 'set_model', model: null },
  { type: 'set_effort', effort: 'low' },
  { type: 'mcp_reconnect', server: 'crm' },
  { type: 'mcp_toggle', server: 'crm', enabled: false },
  { type: 'set_max_thinking_tokens', max_thinking_tokens: null },
  { type: 'stop_task', task_id: 't' },
];

const oddValue = fc.constantFrom<unknown>(
  null,
  '',
  'x',
  'x'.repeat(257),
  'x\0',
  'allow',
  'deny',
  'setMode',
  'default',
  'AA==',
  'A===',
  'image/png',
  0,
  true,
  [],
  {},
  [null],
  [{}],
  [{ type: 'text', text: '' }],
  [image('AAA')],
);

/** A valid body, with up to two values at any depth removed, replaced or added. */
const changed = (from: readonly object[]) =>
  fc
    .tuple(
      fc.constantFrom(...from),
      fc.array(fc.tuple(fc.nat(), fc.constantFrom('replace', 'remove', 'add'), oddValue), {
        maxLength: 2,
      }),
    )
    .map(([original, changes]) => {
      const body: object = structuredClone(original);
      for (const [at, how, odd] of changes) {
        // A copy, because a later change may modify it.
        const value = structuredClone(odd);
        const places = findPlaces(body);
        const [holder, key] = places[at % Math.max(1, places.length)] ?? [body, 'type'];
        if (how === 'add') Object.assign(holder, { interrupt: value });
        else if (how === 'replace') Reflect.set(holder, key, value);
        else if (!Array.isArray(holder)) Reflect.deleteProperty(holder, key);
      }
      return body;
    });

function findPlaces(value: object): [object, string][] {
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => [
    [value, key] as [object, string],
    ...(typeof inner === 'object' && inner !== null ? findPlaces(inner) : []),
  ]);
}

describe('The schemas of the OpenAPI description', () => {
  let server: TestApp;
  let session: string;
  const ajv = new Ajv2020({
    strict: false,
    formats: { 'date-time': true, int64: true, uuid: isUuid },
  });
  ajv.addSchema(agentWebkitOpenApi(), 'api');
  const schema = (name: string): ValidateFunction => {
    const found = ajv.getSchema(`api#/components/schemas/AgentWebkit${name}`);
    if (!found) throw new Error(`There is no schema ${name}.`);
    return found;
  };
  beforeAll(async () => {
    server = await startApp({
      agent: { sdkFactory: scriptedSdkFactory(demoScript) },
      limits: { maxQueuedMessages: 10_000, maxSessionsPerOwner: 10_000 },
    });
    session = await server.createSession();
  });
  afterAll(() => server?.close());

  it('accept exactly the bodies that POST /sessions does not reject with 400', async () => {
    const isValid = schema('CreateSession');
    await fc.assert(
      fc.asyncProperty(changed(CREATIONS), async (body) => {
        const { status } = await server.request('POST', '/sessions', body);
        expect({ body, isAccepted: status !== 400 }).toEqual({ body, isAccepted: isValid(body) });
      }),
      { numRuns: 150 },
    );
  });

  it('accept exactly the messages that are not rejected with 400', async () => {
    const isValid = schema('InboundMessage');
    await fc.assert(
      fc.asyncProperty(changed(MESSAGES), async (body) => {
        const { status, body: answer } = await server.input(session, body);
        expect({ body, answer, isAccepted: status !== 400 }).toEqual({
          body,
          answer,
          isAccepted: isValid(body),
        });
      }),
      { numRuns: 400 },
    );
  });

  it('describe the answers of the server', async () => {
    const id = await server.createSession();
    const stream = await server.stream(id);
    await server.say(id, 'permission');
    await stream.next('permission_request');
    const get = async (path: string) => (await server.request('GET', path)).body;
    const answers = {
      SessionInfo: await get(`/sessions/${id}`),
      SessionsPage: await get('/sessions?limit=2'),
      RequestsPage: await get('/requests'),
      Usage: await get('/usage'),
      GenuiSchema: await get('/genui/schema'),
      EventsPage: await get(`/sessions/${id}/events`),
      CreatedSession: (await server.request('POST', '/sessions', {})).body,
      Refusal: await get('/sessions/unknown'),
    };

    for (const [name, answer] of Object.entries(answers)) {
      const isValid = schema(name);
      isValid(answer);
      expect({ name, errors: isValid.errors }).toEqual({ name, errors: null });
      const known = Object.keys((isValid.schema as { properties: object }).properties);
      // The demo agent says nothing about its sandbox.
      const told = known.filter((field) => field !== 'sandbox' && field !== 'network');
      expect({ name, fields: Object.keys(answer).sort() }).toEqual({ name, fields: told.sort() });
    }
  });

  it('describe every event of the demo, with all of its fields', async () => {
    const events = await playScenes(server);
    for (const { event, data } of events) {
      const isValid = schema(
        `Event${event.replaceAll(/(?:^|_)([a-z])/g, (_, first: string) => first.toUpperCase())}`,
      );
      isValid({ id: 1, event, data });
      const { properties } = isValid.schema as {
        properties: { data: { properties: Record<string, unknown> } };
      };
      const unknown = Object.keys(data).filter((name) => !(name in properties.data.properties));

      expect({ event, errors: isValid.errors, unknown }).toEqual({
        event,
        errors: null,
        unknown: [],
      });
    }
  });
});

/** Plays the scenes of the demo in one session, from its creation to its deletion, and returns its events. */
async function playScenes(server: TestApp): Promise<SseEvent[]> {
  const id = await server.createSession({ include_partial_messages: true });
  const stream = await server.stream(id);
  for (const scene of [
    'permission',
    'question',
    'form',
    'refusal',
    'hook',
    'tools',
    'subagent',
    'fail',
    'crash',
  ]) {
    await server.say(id, scene);
  }
  const { data: permission } = await stream.next('permission_request');
  const { correlation_id } = permission;
  await server.input(id, { type: 'permission_response', correlation_id, behavior: 'allow' });
  const { data: question } = await stream.next('ask_user_question');
  await server.input(id, {
    type: 'question_response',
    correlation_id: question['correlation_id'],
    answers: { 'Which color do you like best?': 'Green' },
  });
  const { data: form } = await stream.next('elicitation_request');
  await server.input(id, {
    type: 'elicitation_response',
    correlation_id: form['correlation_id'],
    action: 'accept',
    content: { name: 'Ada', parcels: 1 },
  });
  const { data: dialog } = await stream.next('dialog_request');
  await server.input(id, {
    type: 'dialog_response',
    correlation_id: dialog['correlation_id'],
    behavior: 'completed',
    result: 'edit_prompt',
  });
  const { data: hook } = await stream.next('hook_decision_request');
  await server.input(id, {
    type: 'hook_decision_response',
    correlation_id: hook['correlation_id'],
    behavior: 'deny',
  });
  for (let turn = 0; turn < 9; turn += 1) await stream.next('result');
  await server.request('DELETE', `/sessions/${id}`);
  await stream.next('done');
  await stream.ended();
  return stream.delivered();
}

function isUuid(text: string): boolean {
  return text === UUID;
}
