import type { Descriptors } from '../descriptor.js';
import { count, delay, orNull } from '../rules.js';

/** The event streams of sessions. */
export interface StreamOptions {
  /**
   * How often a comment is sent on a stream, in milliseconds, so that proxies keep the connection
   * open. Some proxies notice that a client has left only when they write one or two comments to it.
   * Null for never. Null, or a minute and more, is a warning at the start.
   *
   * @default 15000
   */
  readonly keepAliveMs?: number | null;

  /**
   * How often an open stream, or a long poll that waits, is re-authenticated, in milliseconds, by the
   * same `auth` or `guard` that accepted its request. One whose caller is rejected ends. Null for never.
   *
   * @default 60000
   */
  readonly verifyIntervalMs?: number | null;

  /**
   * Maximum number of streams of a session, and of long polls that wait. Another one is rejected with
   * 429 `too_many_subscribers`.
   *
   * @default 1000
   */
  readonly maxSubscribers?: number;

  /**
   * Maximum number of streams of all sessions (`GET /stream`) of one caller on this server. Another one is rejected with
   * 429 `too_many_subscribers`.
   *
   * @default 100
   */
  readonly maxStreamsPerCaller?: number;

  /**
   * Maximum size of the new events that wait for a client that does not read its stream, in bytes.
   * Beyond it the client is disconnected, and can reconnect with its cursor. The waiting events stay
   * in the session's log, which all streams share; for the client itself are buffered one write of
   * about 64 kB, and one page of about 256 kB while it is far behind.
   *
   * @default 4194304
   */
  readonly maxWaitingBytes?: number;
}

export const STREAM = {
  keepAliveMs: {
    rule: orNull(delay),
    default: 15_000,
    unit: 'ms',
    variable: 'AGENT_WEBKIT_KEEPALIVE_MS',
    effect:
      'How often a comment is sent on a stream, so that proxies keep the connection open, and notice that a client has left. Null for never: use it only without a proxy. See [Proxies](./proxies.md).',
  },
  verifyIntervalMs: {
    rule: orNull(delay),
    default: 60_000,
    unit: 'ms',
    variable: 'AGENT_WEBKIT_VERIFY_INTERVAL_MS',
    effect:
      'How often an open stream, or a long poll that waits, is re-authenticated. One whose caller is rejected ends. Null for never.',
  },
  maxSubscribers: {
    rule: count,
    default: 1000,
    unit: 'streams',
    variable: 'AGENT_WEBKIT_MAX_SUBSCRIBERS',
    effect:
      'Maximum number of streams of a session, and of long polls that wait. Another one is rejected with 429 `too_many_subscribers`.',
  },
  maxStreamsPerCaller: {
    rule: count,
    default: 100,
    unit: 'streams',
    variable: 'AGENT_WEBKIT_MAX_STREAMS_PER_CALLER',
    effect:
      'Maximum number of [streams of all sessions](./stream.md) of one caller on this server. Another one is rejected with 429 `too_many_subscribers`.',
  },
  maxWaitingBytes: {
    rule: count,
    default: 4 * 1024 * 1024,
    unit: 'bytes',
    variable: 'AGENT_WEBKIT_MAX_WAITING_BYTES',
    effect:
      'Maximum size of the new events that wait for a client that does not read its stream. Beyond it the client is disconnected, and can reconnect with its cursor.',
  },
} satisfies Descriptors<StreamOptions>;
