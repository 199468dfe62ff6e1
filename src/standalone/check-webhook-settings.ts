import type { NotifyOptions } from '../agent-webkit/options/groups/notify.js';
import { SettingError } from './read-setting.js';

/** @throws SettingError when the variables of webhooks do not fit together */
export function checkWebhookSettings({ url, secret, allowPrivate }: NotifyOptions): void {
  if (url === undefined) {
    if (secret === undefined) return;
    throw new SettingError(
      'AGENT_WEBKIT_WEBHOOK_URL must be set while AGENT_WEBKIT_WEBHOOK_SECRET is set. Set it, or unset the secret.',
    );
  }
  if (secret === undefined) {
    throw new SettingError(
      'AGENT_WEBKIT_WEBHOOK_SECRET must be set while AGENT_WEBKIT_WEBHOOK_URL is set. Create a secret by ' +
        '`echo "whsec_$(openssl rand -base64 32)"`.',
    );
  }
  if (new URL(url).protocol === 'https:' || allowPrivate) return;
  throw new SettingError(
    'AGENT_WEBKIT_WEBHOOK_URL must begin with https:// unless AGENT_WEBKIT_WEBHOOK_ALLOW_PRIVATE=1.',
  );
}
