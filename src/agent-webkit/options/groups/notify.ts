import {
  NOTIFICATION_TYPES,
  type NotificationType,
  type Notify,
} from '../../engine/notification.js';
import { parseWebhookSecret, WEBHOOK_SECRET_WORDS } from '../../engine/webhook-secret.js';
import type { Descriptors } from '../descriptor.js';
import {
  flagOfText,
  functionOf,
  hidden,
  listOf,
  oneOf,
  type Rule,
  splitEntries,
} from '../rules.js';

/** Notifications about sessions: webhooks, or calls of a function. */
export interface NotifyOptions {
  /**
   * The URL that receives the webhooks, with `https:`. `http:` is accepted with `allowPrivate`. Redirects are
   * not followed.
   *
   * @default no webhooks
   */
  readonly url?: string;

  /**
   * The secret that signs the webhooks, by the Standard Webhooks specification: `whsec_` and the base64 of 24
   * to 64 random bytes. With a list, each secret makes a signature, so that you can replace one without a gap.
   * Required with `url`.
   *
   * @default required with `url`
   */
  readonly secret?: string | readonly string[];

  /**
   * The types of notifications.
   *
   * @default all
   */
  readonly events?: readonly NotificationType[];

  /**
   * True to send webhooks to private, loopback and link-local addresses, and over `http:`.
   *
   * @default false
   */
  readonly allowPrivate?: boolean;

  /**
   * Receives each notification in the place of `url`. When it rejects or takes longer than 15 s, it is called
   * again later, so it may receive a notification twice. `notify` itself may be this function.
   *
   * @default not called
   */
  readonly deliver?: Notify;
}

const secretRule: Rule<string | readonly string[]> = {
  words: `${WEBHOOK_SECRET_WORDS}, or a non-empty list of such secrets`,
  accepts: (value): value is string | readonly string[] =>
    Array.isArray(value)
      ? value.length > 0 && value.every((one) => parseWebhookSecret(one) !== null)
      : parseWebhookSecret(value) !== null,
  allowsNull: false,
  show: hidden,
  text: { words: `${WEBHOOK_SECRET_WORDS}, or several, separated by commas`, parse: splitEntries },
};

const urlRule: Rule<string> = {
  words: 'a URL with https: or http:, without a user name, a password and a fragment',
  accepts: (value): value is string => typeof value === 'string' && isWebhookUrl(value),
  allowsNull: false,
  show: hidden,
  text: { parse: (text) => text },
};

function isWebhookUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, hash } = new URL(text);
  return ['https:', 'http:'].includes(protocol) && username + password + hash === '';
}

export const NOTIFY = {
  url: {
    rule: urlRule,
    default: null,
    defaultText: 'no webhooks',
    variable: 'AGENT_WEBKIT_WEBHOOK_URL',
    effect:
      'The URL that receives [webhooks](./webhooks.md). While it does not answer with 2xx, they are stored and retried for three days.',
  },
  secret: {
    rule: secretRule,
    default: null,
    defaultText: 'required with `url`',
    variable: 'AGENT_WEBKIT_WEBHOOK_SECRET',
    effect: 'The secret that signs the webhooks. With a list, each secret makes a signature.',
  },
  events: {
    rule: listOf(NOTIFICATION_TYPES.join(', '), oneOf(NOTIFICATION_TYPES)),
    default: NOTIFICATION_TYPES,
    defaultText: 'all',
    variable: 'AGENT_WEBKIT_WEBHOOK_EVENTS',
    effect: 'The types of notifications.',
  },
  allowPrivate: {
    rule: flagOfText,
    default: false,
    variable: 'AGENT_WEBKIT_WEBHOOK_ALLOW_PRIVATE',
    effect:
      'True to send webhooks to private, loopback and link-local addresses, and over `http:`. Otherwise they are refused.',
  },
  deliver: {
    rule: functionOf<Notify>(),
    default: null,
    defaultText: 'not called',
    effect:
      'Receives each notification in the place of `url`. When it rejects, it is called again later. `notify` itself may be this function.',
  },
} satisfies Descriptors<NotifyOptions>;
