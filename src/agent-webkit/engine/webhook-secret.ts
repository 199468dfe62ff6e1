const PREFIX = 'whsec_';
/** The sizes that the Standard Webhooks specification permits. */
const MIN_BYTES = 24;
const MAX_BYTES = 64;

/** The form of a secret, after "must be". */
export const WEBHOOK_SECRET_WORDS = `'${PREFIX}' and the base64 of ${MIN_BYTES} to ${MAX_BYTES} random bytes`;

/** Returns the key of a secret of the Standard Webhooks specification; null when it is malformed. */
export function parseWebhookSecret(secret: unknown): Buffer | null {
  if (typeof secret !== 'string' || !secret.startsWith(PREFIX)) return null;
  const text = secret.slice(PREFIX.length);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return null;
  const key = Buffer.from(text, 'base64');
  return key.length >= MIN_BYTES && key.length <= MAX_BYTES ? key : null;
}
