import type { NotificationType, Notify, SessionNotification } from '../engine/notification.js';
import type { DueNotification } from '../engine/notification-outbox.js';
import type { NotificationReceiver } from '../engine/notification-receiver.js';
import type { Notifier } from '../engine/registry/registry-parts.js';
import type { StorageProvider } from '../engine/storage.js';
import { parseWebhookSecret } from '../engine/webhook-secret.js';
import { OptionError } from '../options/option-errors.js';
import { WebhookReceiver } from '../webhooks/webhook-receiver.js';

/** The options of the group `notify`, with their defaults. */
export interface NotifySettings {
  readonly url: string | null;
  readonly secret: string | readonly string[] | null;
  readonly events: readonly NotificationType[];
  readonly allowPrivate: boolean;
  readonly deliver: Notify | null;
}

/**
 * Returns the receiver of notifications, or null for none.
 *
 * @throws OptionError when the options of the group do not fit together, or the storage has no outbox
 */
export function notifierFor(
  settings: NotifySettings,
  storage: Pick<StorageProvider, 'outbox'>,
): Notifier | null {
  const receiver = receiverOf(settings);
  if (receiver === null) return null;
  if (storage.outbox) return { types: settings.events, receiver };
  throw new OptionError(
    "option 'storage' must be a storage with an `outbox` while `notify` is set. Use one of this package, " +
      'or implement `outbox` in yours.',
  );
}

function receiverOf(settings: NotifySettings): NotificationReceiver | null {
  const { url, secret, deliver } = settings;
  if (url !== null && deliver !== null) {
    throw new OptionError("option 'notify.deliver' must be left out while 'notify.url' is set.");
  }
  if (url === null && secret !== null) {
    throw new OptionError("option 'notify.url' must be set while 'notify.secret' is set.");
  }
  if (deliver !== null) return functionReceiver(deliver);
  return url === null ? null : webhookReceiver(new URL(url), settings);
}

function webhookReceiver(url: URL, { secret, allowPrivate }: NotifySettings): NotificationReceiver {
  const keys = [secret ?? []].flat().flatMap((one) => parseWebhookSecret(one) ?? []);
  if (keys.length === 0) {
    throw new OptionError(
      "option 'notify.secret' must be set while 'notify.url' is set. Create a secret by " +
        '`echo "whsec_$(openssl rand -base64 32)"`.',
    );
  }
  if (url.protocol !== 'https:' && !allowPrivate) {
    throw new OptionError(
      "option 'notify.url' must begin with https:// unless 'notify.allowPrivate' is true.",
    );
  }
  return new WebhookReceiver({ url, keys, allowPrivate });
}

function functionReceiver(notify: Notify): NotificationReceiver {
  return {
    name: 'the function `notify`',
    deliver: async ({ id, body }: DueNotification) => {
      await notify({ id, ...(JSON.parse(body) as object) } as SessionNotification);
    },
  };
}
