import { webcrypto } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type IncomingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { NotificationBody } from '../../src/agent-webkit/engine/notification.js';
import { eventually } from '../support/eventually.js';

/** A webhook as it arrived. */
export interface Arrived {
  readonly id: string;
  readonly headers: IncomingHttpHeaders;
  readonly path: string;
  readonly text: string;
  readonly body: NotificationBody;
}

/** Answers one webhook, or leaves it without an answer. */
export type Respond = (response: ServerResponse, arrived: Arrived) => void;

export const respondWith =
  (status: number, headers: Record<string, string> = {}): Respond =>
  (response) =>
    response.writeHead(status, headers).end();

export const HANG: Respond = () => undefined;

/** A private key and its certificate. */
export interface TlsIdentity {
  readonly key: Buffer;
  readonly cert: Buffer;
}

/** A receiver of webhooks on loopback. */
export class TestReceiver {
  readonly arrived: Arrived[] = [];
  /** The number of connections that were opened. */
  connections = 0;
  /** The number of webhooks without an answer whose server still waits for it. */
  unanswered = 0;
  respond: Respond = respondWith(204);
  readonly #server: Server;

  private constructor(tls: TlsIdentity | null) {
    const receive = (request: IncomingMessage, response: ServerResponse) => {
      let text = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      request.on('end', () => {
        const { headers, url = '' } = request;
        const id = String(headers['webhook-id']);
        const body = JSON.parse(text || 'null') as NotificationBody;
        const arrived = { id, headers, path: url, text, body };
        this.arrived.push(arrived);
        this.unanswered += 1;
        response.once('close', () => (this.unanswered -= 1));
        this.respond(response, arrived);
      });
    };
    this.#server = tls ? createTlsServer(tls, receive) : createServer(receive);
    this.#server.on('connection', () => (this.connections += 1));
  }

  static async listen(port = 0, tls: TlsIdentity | null = null): Promise<TestReceiver> {
    const receiver = new TestReceiver(tls);
    receiver.#server.listen(port, '127.0.0.1');
    await once(receiver.#server, 'listening');
    return receiver;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/hook`;
  }

  /** Resolves to the first webhooks of a type, once there are as many. */
  async of(type: string, count = 1, limitMs?: number): Promise<Arrived[]> {
    const matching = () => this.arrived.filter(({ body }) => body.type === type);
    return eventually(matching, (found) => found.length >= count, limitMs);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** Verifies a webhook as the Standard Webhooks specification says, by another implementation of HMAC. */
export async function isSigned({ headers, text }: Arrived, secret: string): Promise<boolean> {
  const header = (name: string) => String(headers[name]);
  const key = await webcrypto.subtle.importKey(
    'raw',
    Uint8Array.from(atob(secret.replace('whsec_', '')), (char) => char.charCodeAt(0)),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['verify'],
  );
  const age = Date.now() / 1000 - Number(header('webhook-timestamp'));
  if (Math.abs(age) > 300) return false;
  const content = `${header('webhook-id')}.${header('webhook-timestamp')}.${text}`;
  const signatures = header('webhook-signature')
    .split(' ')
    .filter((signature) => signature.startsWith('v1,'))
    .map((signature) => Uint8Array.from(atob(signature.slice(3)), (char) => char.charCodeAt(0)));
  const verified = await Promise.all(
    signatures.map((bytes) =>
      webcrypto.subtle.verify('HMAC', key, bytes, new TextEncoder().encode(content)),
    ),
  );
  return verified.includes(true);
}
