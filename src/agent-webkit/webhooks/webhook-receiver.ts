import type { DueNotification } from '../engine/notification-outbox.js';
import {
  type NotificationReceiver,
  ReceiverBusyError,
  ReceiverGoneError,
} from '../engine/notification-receiver.js';
import { postWebhook, type WebhookAnswer } from './post-webhook.js';
import { ReceiverAddresses, type Resolve } from './receiver-addresses.js';
import { pauseOf } from './retry-after.js';
import { signWebhook } from './sign.js';

export interface WebhookReceiverOptions {
  readonly url: URL;
  /** The keys that sign, at least one. */
  readonly keys: readonly Buffer[];
  /** True to connect to private, loopback and link-local addresses, too. */
  readonly allowPrivate: boolean;
  /** Resolves the name of the receiver. By default, as the system does. */
  readonly resolve?: Resolve;
}

/** Delivers notifications by HTTP to one URL, signed by the Standard Webhooks specification. */
export class WebhookReceiver implements NotificationReceiver {
  readonly name: string;
  readonly #options: WebhookReceiverOptions;
  readonly #addresses: ReceiverAddresses;

  constructor(options: WebhookReceiverOptions) {
    const { url, allowPrivate, resolve } = options;
    // The path may be a secret.
    this.name = url.host;
    this.#options = options;
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    this.#addresses = new ReceiverAddresses(host, allowPrivate, resolve);
  }

  async deliver({ id, body }: DueNotification, signal: AbortSignal): Promise<void> {
    const { url, keys } = this.#options;
    const addresses = await this.#addresses.find();
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'nestjs-agent-webkit',
      ...signWebhook(id, body, keys, Date.now()),
    };
    const answer = await postWebhook({ url, headers, body, addresses, signal });
    if (answer.status < 200 || answer.status >= 300) throw failureOf(answer);
  }
}

/** Returns what an answer that is no success means for the next attempts. */
function failureOf({ status, retryAfter }: WebhookAnswer): Error {
  if (status === 410) return new ReceiverGoneError('The answer was 410.');
  const pauseMs = status === 429 || status === 503 ? pauseOf(retryAfter, Date.now()) : null;
  if (pauseMs !== null) {
    return new ReceiverBusyError(
      `The answer was ${status}, with Retry-After: ${retryAfter?.slice(0, 40)}.`,
      pauseMs,
    );
  }
  const isRedirect = status >= 300 && status < 400;
  return new Error(
    `The answer was ${status}${isRedirect ? '. Redirects are not followed: set the final URL' : ''}.`,
  );
}
