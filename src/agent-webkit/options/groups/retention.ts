import type { Descriptors } from '../descriptor.js';
import { age, count, orNull } from '../rules.js';

/** How much of a session is kept, and for how long. */
export interface RetentionOptions {
  /**
   * Maximum number of events kept of a session. A cursor before them is rejected with 412
   * `cursor_evicted`, and the client reloads the session. Open requests and queued messages are always kept.
   *
   * @default 1000
   */
  readonly maxEvents?: number;

  /**
   * Maximum total size of the payloads of a session's kept events, in characters. The newest million
   * characters are also held in memory while the session is active.
   *
   * @default 16777216
   */
  readonly maxLogChars?: number;

  /**
   * How long an event is kept, in milliseconds. Null for no limit.
   *
   * The age is checked when the session is used; the events of a session that is no longer used are
   * deleted with it, by `retentionMs`. When a session is loaded into memory again, after a restart
   * or a minute in which it was dormant without a subscriber, all of its events get the time of its
   * last use, so a session that is used often may keep them longer. Open requests, queued messages
   * and the newest event are always kept.
   *
   * @default null
   */
  readonly maxEventAgeMs?: number | null;

  /**
   * Maximum number of decisions about requests of the agent kept of a session, for
   * `GET /sessions/:id/decisions`. They stay when their events have left the log, for any `maxEventAgeMs`, and are
   * deleted with the session. The numbers of the decisions show that older ones are gone.
   *
   * @default 1000
   */
  readonly maxDecisions?: number;

  /**
   * Maximum total size of the payloads of a session's kept decisions, in characters. The last decision
   * is always kept.
   *
   * @default 4194304
   */
  readonly maxDecisionChars?: number;

  /**
   * How long a session is kept without a message, a turn, an open request or a subscriber, in
   * milliseconds. It is then deleted with everything stored of it. Null for no limit.
   *
   * @default null
   */
  readonly retentionMs?: number | null;

  /**
   * How long a session that never had a message is kept without a subscriber, in milliseconds. Null for
   * as long as any other session.
   *
   * A page may create a session and never use it, for example where React runs effects twice. The
   * default is the time for which an idempotency key is remembered, so that a repeated creation finds its session.
   *
   * @default 86400000
   */
  readonly emptySessionTtlMs?: number | null;

  /**
   * How long the usage of a day is kept for `GET /usage`, in milliseconds, also that of sessions that were
   * deleted. Null for no limit.
   *
   * @default 34560000000
   */
  readonly usageRetentionMs?: number | null;
}

export const RETENTION = {
  maxEvents: {
    rule: count,
    default: 1000,
    unit: 'events',
    variable: 'AGENT_WEBKIT_MAX_EVENTS',
    effect:
      'Maximum number of events kept of a session. A cursor before them is rejected with 412 `cursor_evicted`, and the client reloads the session.',
  },
  maxLogChars: {
    rule: count,
    default: 16 * 1024 * 1024,
    unit: 'characters',
    variable: 'AGENT_WEBKIT_MAX_LOG_CHARS',
    effect:
      "Maximum total size of the payloads of a session's kept events. The newest million characters are also held in memory.",
  },
  maxEventAgeMs: {
    rule: orNull(age),
    default: null,
    unit: 'ms',
    variable: 'AGENT_WEBKIT_MAX_EVENT_AGE_MS',
    effect:
      'How long an event is kept. When a session is loaded into memory again, all of its events get the time of its last use. Null for no limit.',
  },
  maxDecisions: {
    rule: count,
    default: 1000,
    unit: 'decisions',
    variable: 'AGENT_WEBKIT_MAX_DECISIONS',
    effect:
      'Maximum number of decisions kept of a session for `GET /sessions/:id/decisions`, also when their events have left the log.',
  },
  maxDecisionChars: {
    rule: count,
    default: 4 * 1024 * 1024,
    unit: 'characters',
    variable: 'AGENT_WEBKIT_MAX_DECISION_CHARS',
    effect:
      "Maximum total size of the payloads of a session's kept decisions. The last decision is always kept.",
  },
  retentionMs: {
    rule: orNull(age),
    default: null,
    unit: 'ms',
    variable: 'AGENT_WEBKIT_RETENTION_MS',
    effect:
      'How long an unused session is kept. It is then deleted with everything stored of it. Null for no limit.',
  },
  emptySessionTtlMs: {
    rule: orNull(age),
    default: 24 * 60 * 60 * 1000,
    unit: 'ms',
    variable: 'AGENT_WEBKIT_EMPTY_SESSION_TTL_MS',
    effect:
      'How long a session that never had a message is kept without a subscriber. Null for as long as any other session.',
  },
  usageRetentionMs: {
    rule: orNull(age),
    default: 400 * 24 * 60 * 60 * 1000,
    unit: 'ms',
    variable: 'AGENT_WEBKIT_USAGE_RETENTION_MS',
    effect:
      'How long the usage of a day is kept for [`GET /usage`](./http.md#usage), also that of sessions that were deleted. Null for no limit.',
  },
} satisfies Descriptors<RetentionOptions>;
