import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { NOTIFICATION_TYPES } from '../../src/agent-webkit/engine/notification.js';
import { addAgentWebkitPaths, agentWebkitOpenApi } from '../../src/index.js';
import { demoScript, scriptedSdkFactory } from '../../src/testing.js';
import { startApp, type TestApp } from '../support/start-app.js';
import { type Arrived, isSigned, TestReceiver } from '../webhooks/receiver.js';

const SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;

interface Operation {
  operationId: string;
  parameters: { name: string; in: string; required: boolean }[];
  responses: Record<string, { headers?: object }>;
}

const description = agentWebkitOpenApi();
const webhookOf = (type: string) => description.webhooks[type]?.['post'] as unknown as Operation;

/** Returns a copy of a document whose objects permit no fields but those that they name. */
function closed<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map(closed) as Value;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, closed(inner)]);
  const copy = Object.fromEntries(entries) as Record<string, unknown>;
  if ('properties' in copy) copy['additionalProperties'] ??= false;
  return copy as Value;
}

const ajv = new Ajv2020({ strict: false, formats: { 'date-time': isTime, int64: true } });
ajv.addSchema(closed(description), 'api');

function isTime(text: string): boolean {
  return !Number.isNaN(Date.parse(text)) && new Date(text).toISOString() === text;
}

/** Returns the violations of a part of the description. */
function violations(path: readonly string[], value: unknown): string {
  const pointer = path.map((step) => encodeURIComponent(step.replaceAll('/', '~1'))).join('/');
  const validate = ajv.getSchema(`api#/${pointer}`);
  if (!validate) throw new Error(`There is no schema at ${pointer}.`);
  return validate(value) ? 'No errors' : ajv.errorsText(validate.errors);
}

function bodyViolations(type: string, body: unknown): string {
  const content = ['requestBody', 'content', 'application/json', 'schema'];
  return violations(['webhooks', type, 'post', ...content], body);
}

function headerViolations(type: string, { headers }: Pick<Arrived, 'headers'>): string[] {
  return webhookOf(type).parameters.map(({ name }, index) => {
    const path = ['webhooks', type, 'post', 'parameters', String(index), 'schema'];
    return violations(path, headers[name]);
  });
}

describe('The webhooks of the OpenAPI description', () => {
  let receiver: TestReceiver;
  let server: TestApp;
  beforeAll(async () => {
    receiver = await TestReceiver.listen();
    server = await startApp({
      agent: { sdkFactory: scriptedSdkFactory(demoScript) },
      notify: { url: receiver.url, secret: SECRET, allowPrivate: true },
      requests: { escalation: { Bash: { afterMs: 1, to: () => ['bob', 'cy'] } } },
    });
    await deliverEverything();
  });
  afterAll(async () => {
    await server.close();
    await receiver.close();
  });

  /** Causes a delivery of each type, with each of its optional fields present and absent. */
  async function deliverEverything(): Promise<void> {
    const [allowed, questioned, crashed] = [
      await server.createSession(),
      await server.createSession(),
      await server.createSession(),
    ];
    await server.say(allowed, 'permission');
    const [opened] = await receiver.of('request.opened');
    if (opened?.body.type !== 'request.opened') throw new Error('No request was opened.');
    const { correlation_id } = opened.body.data;
    await receiver.of('request.escalated');
    await server.input(allowed, { type: 'permission_response', correlation_id, behavior: 'allow' });
    await receiver.of('turn.ended');
    await server.say(questioned, 'question');
    await receiver.of('request.opened', 2);
    await server.input(questioned, { type: 'interrupt' });
    await receiver.of('turn.ended', 2);
    await server.say(crashed, 'crash');
    await receiver.of('session.failed');
    await receiver.of('turn.ended', 3);
  }

  it('are those of every type of notification', () => {
    expect(Object.keys(description.webhooks)).toEqual(NOTIFICATION_TYPES);
  });

  it.each(NOTIFICATION_TYPES)(
    'describe the body and the headers of real deliveries of %s',
    (type) => {
      const arrived = receiver.arrived.filter(({ body }) => body.type === type);
      expect(arrived).not.toEqual([]);
      for (const delivery of arrived) {
        expect(bodyViolations(type, delivery.body)).toBe('No errors');
        expect(new Set(headerViolations(type, delivery))).toEqual(new Set(['No errors']));
      }
    },
  );

  it('describe deliveries that differ in their optional fields', async () => {
    const outcomes = receiver.arrived.flatMap(({ body }) =>
      body.type === 'request.resolved' ? [[body.data.outcome, 'by' in body.data]] : [],
    );
    expect(outcomes).toEqual([
      ['allowed', true],
      ['cancelled', false],
    ]);
    expect(await Promise.all(receiver.arrived.map((one) => isSigned(one, SECRET)))).not.toContain(
      false,
    );
  });

  it('describe the body of no other type, and none without one of its fields', () => {
    for (const { body } of receiver.arrived) {
      for (const type of NOTIFICATION_TYPES.filter((other) => other !== body.type)) {
        expect(bodyViolations(type, body)).not.toBe('No errors');
      }
      for (const field of Object.keys(body.data).filter((name) => name !== 'by')) {
        const data = { ...body.data, [field]: undefined };
        const without = JSON.parse(JSON.stringify({ ...body, data })) as object;
        expect(bodyViolations(body.type, without)).toContain(field);
      }
      expect(bodyViolations(body.type, { ...body, timestamp: 'yesterday' })).toContain('date-time');
      expect(bodyViolations(body.type, { ...body, message: '' })).toContain('additional');
    }
  });

  it('require the three headers of the Standard Webhooks specification', () => {
    for (const type of NOTIFICATION_TYPES) {
      expect(webhookOf(type).parameters).toMatchObject(
        ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => ({
          name,
          in: 'header',
          required: true,
        })),
      );
      const unsigned = { 'webhook-id': 'a.b', 'webhook-timestamp': 'now', 'webhook-signature': '' };
      expect(headerViolations(type, { headers: unsigned })).not.toContain('No errors');
    }
  });

  it('state the answers that differ in their effect', () => {
    for (const type of NOTIFICATION_TYPES) {
      const { responses } = webhookOf(type);
      expect(Object.keys(responses).sort()).toEqual(['2XX', '410', '429', '503', 'default']);
      expect(responses['429']?.headers).toHaveProperty('Retry-After');
      expect(responses['503']?.headers).toHaveProperty('Retry-After');
    }
  });

  it('are added to those of a host’s own document', () => {
    const own = { post: { responses: {} } };
    const document = addAgentWebkitPaths({ paths: {}, webhooks: { 'order.paid': own } });
    expect(document.webhooks).toEqual({ 'order.paid': own, ...description.webhooks });
    const again = addAgentWebkitPaths(document, { prefix: '/other' });
    expect(again.webhooks).toEqual(document.webhooks);
  });
});
