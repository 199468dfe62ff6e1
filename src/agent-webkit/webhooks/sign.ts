import { createHmac } from 'node:crypto';

/** The headers by which a receiver verifies a webhook. */
export interface SignatureHeaders {
  readonly 'webhook-id': string;
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
}

/**
 * Signs a webhook by the Standard Webhooks specification.
 *
 * @param keys one signature is made by each, so that a receiver can change from one secret to the next
 * @param at the time of the attempt in milliseconds since 1970
 */
export function signWebhook(
  id: string,
  body: string,
  keys: readonly Buffer[],
  at: number,
): SignatureHeaders {
  const timestamp = String(Math.floor(at / 1000));
  const content = `${id}.${timestamp}.${body}`;
  const signatures = keys.map(
    (key) => `v1,${createHmac('sha256', key).update(content).digest('base64')}`,
  );
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}
