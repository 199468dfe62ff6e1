import type { DueNotification } from '../engine/notification-outbox.js';
import type { NotificationReceiver } from '../engine/notification-receiver.js';
import { postWebhook } from './post-webhook.js';
import { ReceiverAddresses, type Resolve } from './receiver-addresses.js';
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
    const status = await postWebhook({ url, headers, body, addresses, signal });
    if (status >= 200 && status < 300) return;
    const isRedirect = status >= 300 && status < 400;
    throw new Error(
      `The answer was ${status}${isRedirect ? '. Redirects are not followed: set the final URL' : ''}.`,
    );
  }
}
