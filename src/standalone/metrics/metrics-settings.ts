import { isLoopback } from '../../agent-webkit/hosting/is-loopback.js';
import { type Environment, readSetting, SettingError } from '../read-setting.js';
import { SERVER_SETTINGS } from '../setting-table.js';

/** How `GET /metrics` is served. */
export interface MetricsSettings {
  /** The bearer token that is required; null for none, which is possible on a loopback address only. */
  readonly token: string | null;
  /** The address of a server of their own; null to serve them on the port of the API. */
  readonly own: { readonly host: string; readonly port: number } | null;
}

/**
 * Reads the settings of `GET /metrics`. Returns null when it is not served.
 *
 * @throws SettingError which names the variable
 */
export function readMetrics(env: Environment): MetricsSettings | null {
  const read = (name: `AGENT_WEBKIT_METRICS_${'TOKEN' | 'PORT' | 'HOST'}`) =>
    readSetting(env, name, SERVER_SETTINGS[name]) as never;
  // Such as `TOKEN=$SECRET` without the secret: the metrics must not be public in its place.
  if (env['AGENT_WEBKIT_METRICS_TOKEN']?.trim() === '') {
    throw new SettingError(
      'AGENT_WEBKIT_METRICS_TOKEN must not be empty. Set a token, or unset the variable.',
    );
  }
  const token = (read('AGENT_WEBKIT_METRICS_TOKEN') as string | undefined) ?? null;
  const port = read('AGENT_WEBKIT_METRICS_PORT') as number | undefined;
  const given = read('AGENT_WEBKIT_METRICS_HOST') as string | undefined;
  if (port === undefined) {
    if (given !== undefined) {
      throw new SettingError(
        'AGENT_WEBKIT_METRICS_HOST must be unset while AGENT_WEBKIT_METRICS_PORT is not set. Set both, or unset it.',
      );
    }
    return token === null ? null : { token, own: null };
  }
  const host = given ?? SERVER_SETTINGS.AGENT_WEBKIT_METRICS_HOST.default;
  if (token === null && !isLoopback(host)) {
    throw new SettingError(
      `AGENT_WEBKIT_METRICS_HOST must be a loopback address without AGENT_WEBKIT_METRICS_TOKEN, but got '${host}'. ` +
        'Set AGENT_WEBKIT_METRICS_TOKEN, or unset AGENT_WEBKIT_METRICS_HOST.',
    );
  }
  return { token, own: { host, port } };
}
