import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  ReceiverBusyError,
  ReceiverGoneError,
} from '../../src/agent-webkit/engine/notification-receiver.js';
import { parseWebhookSecret } from '../../src/agent-webkit/engine/webhook-secret.js';
import { postWebhook } from '../../src/agent-webkit/webhooks/post-webhook.js';
import { pauseOf } from '../../src/agent-webkit/webhooks/retry-after.js';
import { ReceiverAddresses } from '../../src/agent-webkit/webhooks/receiver-addresses.js';
import { signWebhook } from '../../src/agent-webkit/webhooks/sign.js';
import { WebhookReceiver } from '../../src/agent-webkit/webhooks/webhook-receiver.js';
import { eventually } from '../support/eventually.js';
import { HANG, isSigned, respondWith, TestReceiver } from './receiver.js';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const OTHER_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const keysOf = (...secrets: string[]) => secrets.flatMap((one) => parseWebhookSecret(one) ?? []);
const NOTIFICATION = { id: 'msg_1', body: '{"type":"turn.ended"}', attempts: 1 };

const resolveTo =
  (...addresses: string[]) =>
  () =>
    Promise.resolve(addresses);

let receiver: TestReceiver;
beforeEach(async () => {
  receiver = await TestReceiver.listen();
});
afterEach(() => receiver.close());

const sender = (values: Partial<ConstructorParameters<typeof WebhookReceiver>[0]> = {}) =>
  new WebhookReceiver({
    url: new URL(receiver.url),
    keys: keysOf(SECRET),
    allowPrivate: true,
    ...values,
  });
const deliver = (to: WebhookReceiver) => to.deliver(NOTIFICATION, AbortSignal.timeout(10_000));

describe('The signature of a webhook', () => {
  it('is that of the example of the Standard Webhooks libraries', () => {
    const body = '{"test": 2432232314}';
    const at = 1_614_265_330_000;
    expect(signWebhook('msg_p5jXN8AQM9LWM0D4loKWxJek', body, keysOf(SECRET), at)).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('is verified by an independent implementation, with each of two secrets', async () => {
    await deliver(sender({ keys: keysOf(SECRET, OTHER_SECRET) }));
    const [arrived] = receiver.arrived;
    if (!arrived) throw new Error('Nothing has arrived.');
    expect(await isSigned(arrived, SECRET)).toBe(true);
    expect(await isSigned(arrived, OTHER_SECRET)).toBe(true);
    expect(await isSigned(arrived, `whsec_${'A'.repeat(32)}`)).toBe(false);
    expect(await isSigned({ ...arrived, text: `${arrived.text} ` }, SECRET)).toBe(false);
    expect(arrived.headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': 'msg_1',
    });
  });

  it('needs a secret of 24 to 64 bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const key = parseWebhookSecret(`whsec_${Buffer.from(bytes).toString('base64')}`);
        const isPermitted = bytes.length >= 24 && bytes.length <= 64;
        expect(key === null ? null : [...key]).toEqual(isPermitted ? [...bytes] : null);
      }),
    );
  });
});

describe('A delivery', () => {
  it.each([200, 202, 204, 299])('succeeds with the status %i', async (status) => {
    receiver.respond = respondWith(status);
    await expect(deliver(sender())).resolves.toBeUndefined();
  });

  it.each([400, 401, 404, 410, 429, 500, 503])('fails with the status %i', async (status) => {
    receiver.respond = respondWith(status);
    await expect(deliver(sender())).rejects.toThrow(`The answer was ${status}.`);
  });

  it('fails for good with the status 410', async () => {
    receiver.respond = respondWith(410);
    await expect(deliver(sender())).rejects.toThrow(ReceiverGoneError);
  });

  it.each([429, 503])(
    'fails with the pause of `Retry-After`, with the status %i',
    async (status) => {
      receiver.respond = respondWith(status, { 'retry-after': '120' });
      const failure = await deliver(sender()).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(ReceiverBusyError);
      expect(failure).toMatchObject({
        pauseMs: 120_000,
        message: `The answer was ${status}, with Retry-After: 120.`,
      });
    },
  );

  it.each([404, 500])(
    'fails without a pause for a `Retry-After` with the status %i',
    async (status) => {
      receiver.respond = respondWith(status, { 'retry-after': '120' });
      const failure = await deliver(sender()).catch((error: unknown) => error);
      expect(failure).not.toBeInstanceOf(ReceiverBusyError);
    },
  );

  it.each([301, 302, 303, 307, 308])('follows no redirect, with the status %i', async (status) => {
    const location = receiver.url.replace('/hook', '/elsewhere');
    receiver.respond = respondWith(status, { location });
    await expect(deliver(sender())).rejects.toThrow('Redirects are not followed');
    expect(receiver.arrived.map(({ path }) => path)).toEqual(['/hook']);
  });

  it('ends when it is aborted while the receiver does not answer', async () => {
    receiver.respond = HANG;
    const ending = new AbortController();
    const delivery = sender().deliver(NOTIFICATION, ending.signal);
    const outcome = expect(delivery).rejects.toThrow();
    await eventually(() => receiver.arrived.length);
    ending.abort();
    await outcome;
  });

  it.each(['', 'HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'])(
    'fails at once when the connection ends with %j',
    async (bytes) => {
      receiver.respond = (response) => response.socket?.end(bytes);
      // The time of an attempt ends with its connection.
      const delivery = sender().deliver(NOTIFICATION, new AbortController().signal);
      await expect(delivery).rejects.toThrow(/socket hang up|without an answer/);
    },
  );

  it('does not read an answer without an end', async () => {
    let isClosed = false;
    receiver.respond = (response) => {
      response.on('close', () => (isClosed = true));
      response.on('error', () => undefined);
      const write = () => {
        while (response.writable && response.write('x'.repeat(65_536)));
      };
      response.on('drain', write);
      write();
    };
    // The time of an attempt ends with its status.
    await sender().deliver(NOTIFICATION, new AbortController().signal);
    await eventually(() => isClosed);
  });
});

describe('The pause of a `Retry-After`', () => {
  const NOW = Date.UTC(1994, 10, 6, 8, 49, 0);

  it.each([
    ['0', 0],
    ['1', 1000],
    [' 90 ', 90_000],
    ['3600', 3_600_000],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 37_000],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 37_000],
    ['Sun Nov  6 08:49:37 1994', 37_000],
    ['Sun, 06 Nov 1994 08:00:00 GMT', 0],
  ])('%j is %i ms', (text, pauseMs) => {
    expect(pauseOf(text, NOW)).toBe(pauseMs);
  });

  it.each(['3601', '86400', '9'.repeat(400), 'Mon, 07 Nov 1994 08:49:37 GMT'])(
    '%j is an hour, which is the maximum',
    (text) => expect(pauseOf(text, NOW)).toBe(3_600_000),
  );

  it.each([undefined, '', '-1', '1.5', '1e3', 'soon', 'Sun', '1994-11-06T08:49:37Z'])(
    '%j is none',
    (text) => expect(pauseOf(text, NOW)).toBeNull(),
  );
});

describe('The address of a receiver', () => {
  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '169.254.169.254',
    '192.168.1.1',
    '::1',
    'fe80::1',
    'fd00::1',
    '::ffff:127.0.0.1',
  ])('is refused when it is %s, unless private addresses are permitted', async (address) => {
    await expect(new ReceiverAddresses(address, false).find()).rejects.toThrow(
      `The host ${address} has no public address. Set \`notify.allowPrivate\``,
    );
    const byName = new ReceiverAddresses('hooks.example.org', false, resolveTo(address));
    await expect(byName.find()).rejects.toThrow(
      `The host hooks.example.org has no public address, only ${address}. Set`,
    );
    expect(await new ReceiverAddresses(address, true).find()).toEqual([address]);
  });

  it('is one of the public addresses of a name that has others, too', async () => {
    const found = await new ReceiverAddresses(
      'hooks.example.org',
      false,
      resolveTo('10.0.0.1', '93.184.215.14', '::1'),
    ).find();
    expect(found).toEqual(['93.184.215.14']);
  });

  it('is named in a short message, however many there are', async () => {
    const all = Array.from({ length: 500 }, (_, index) => `10.0.${index % 250}.1`);
    const addresses = new ReceiverAddresses('a.example', false, resolveTo(...all));
    await expect(addresses.find()).rejects.toThrow(
      'no public address, only 10.0.0.1, 10.0.1.1, 10.0.2.1. Set',
    );
  });

  it('is resolved by one lookup at a time', async () => {
    let lookups = 0;
    const resolve = async () => [`192.0.2.${(lookups += 1)}`];
    const addresses = new ReceiverAddresses('hooks.example.org', true, resolve);
    await Promise.all([addresses.find(), addresses.find(), addresses.find()]);
    expect(lookups).toBe(1);
    await addresses.find();
    expect(lookups).toBe(2);
  });

  it('is the one that is connected to, and the name is not resolved again', async () => {
    const { status } = await postWebhook({
      url: new URL(`http://hooks.invalid:${receiver.port}/hook`),
      headers: {},
      body: '{}',
      addresses: ['127.0.0.1'],
      signal: AbortSignal.timeout(10_000),
    });
    expect(status).toBe(204);
    expect(receiver.arrived[0]?.headers.host).toBe(`hooks.invalid:${receiver.port}`);
  });

  it('is refused before anything is connected to', async () => {
    await expect(deliver(sender({ allowPrivate: false }))).rejects.toThrow('no public address');
    const resolve = resolveTo('127.0.0.1');
    const url = new URL(`http://hooks.example.org:${receiver.port}/hook`);
    await expect(deliver(sender({ url, resolve, allowPrivate: false }))).rejects.toThrow(
      'no public address',
    );
    expect(receiver.connections).toBe(0);
  });
});
