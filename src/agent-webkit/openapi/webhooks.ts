import { NOTIFICATION_TYPES, type NotificationType } from '../engine/notification.js';
import { type PathItem, TAG } from './operation.js';
import { refer, SCHEMAS } from './schemas.js';

const header = (name: string, pattern: string, description: string) => ({
  name,
  in: 'header',
  required: true,
  description,
  schema: { type: 'string', pattern },
});

/** The headers of the Standard Webhooks specification. */
const PARAMETERS = [
  header(
    'webhook-id',
    '^[^.]+$',
    'Identifies the notification, and is the same in every attempt. Ignore one that you have processed.',
  ),
  header(
    'webhook-timestamp',
    '^\\d+$',
    'The time of the attempt, in seconds since 1970. Reject one that differs from your clock by more than five minutes.',
  ),
  header(
    'webhook-signature',
    '^v1,[A-Za-z0-9+/]{43}=( v1,[A-Za-z0-9+/]{43}=)*$',
    'One signature for each secret: the HMAC-SHA256 of `{webhook-id}.{webhook-timestamp}.{body}` in base64.',
  ),
];

const PAUSE = {
  description: 'A failure. With `Retry-After`, nothing is sent before its end.',
  headers: {
    'Retry-After': {
      description: 'A number of seconds or a date. More than an hour is an hour.',
      schema: { type: 'string' },
    },
  },
};

const RESPONSES = {
  '2XX': { description: 'The webhook was accepted. The content of the answer does not matter.' },
  410: { description: 'No more webhooks are wanted. None is sent until the server restarts.' },
  429: PAUSE,
  503: PAUSE,
  default: {
    description: 'A failure, which is retried for three days. Redirects are not followed.',
  },
};

function webhook(type: NotificationType): PathItem {
  const schema = schemaNameOf(type);
  return {
    post: {
      operationId: `agentWebkit_webhook_${type.replace('.', '_')}`,
      summary: String(SCHEMAS[schema]?.['description']),
      description: 'Sent by the server to the URL of the option `notify.url`, if it is set.',
      tags: [TAG.name],
      security: [],
      parameters: PARAMETERS,
      requestBody: { required: true, content: { 'application/json': { schema: refer(schema) } } },
      responses: RESPONSES,
    },
  };
}

function schemaNameOf(type: NotificationType): string {
  const words = type.split('.').map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`);
  return `AgentWebkitNotification${words.join('')}`;
}

/** Every webhook, by the type of its notification. */
export const WEBHOOKS: Readonly<Record<string, PathItem>> = Object.fromEntries(
  NOTIFICATION_TYPES.map((type) => [type, webhook(type)]),
);
