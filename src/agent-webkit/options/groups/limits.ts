import type { Descriptors } from '../descriptor.js';
import { count } from '../rules.js';

/** How much one caller may create, queue and send. */
export interface LimitOptions {
  /**
   * Maximum number of sessions a caller may own. Creating another one is rejected with 429
   * `too_many_sessions`.
   *
   * @default 1000
   */
  readonly maxSessionsPerOwner?: number;

  /**
   * Maximum number of sessions a caller may create within a minute, on all servers that share the storage. Creating another
   * one is rejected with 429 `too_many_creations`.
   *
   * @default 60
   */
  readonly maxCreationsPerMinute?: number;

  /**
   * Maximum number of queued user messages of a session. Another one is rejected with 503
   * `backpressure`.
   *
   * @default 128
   */
  readonly maxQueuedMessages?: number;

  /**
   * Maximum number of content blocks in a user message. A message with more is rejected with 413
   * `payload_too_large`.
   *
   * @default 100
   */
  readonly maxContentBlocks?: number;

  /**
   * Maximum length of each text of a user message, in characters. A message with a longer one is
   * rejected with 413 `payload_too_large`.
   *
   * @default 1000000
   */
  readonly maxTextLength?: number;

  /**
   * Maximum size of each image of a user message, in bytes. A message with a larger one is rejected
   * with 413 `payload_too_large`.
   *
   * @default 5242880
   */
  readonly maxImageBytes?: number;
}

export const LIMITS = {
  maxSessionsPerOwner: {
    rule: count,
    default: 1000,
    unit: 'sessions',
    variable: 'AGENT_WEBKIT_MAX_SESSIONS_PER_OWNER',
    effect:
      'Maximum number of sessions a caller may own. Creating another one is rejected with 429 `too_many_sessions`.',
  },
  maxCreationsPerMinute: {
    rule: count,
    default: 60,
    unit: 'sessions',
    variable: 'AGENT_WEBKIT_MAX_CREATIONS_PER_MINUTE',
    effect:
      'Maximum number of sessions a caller may create within a minute, on all servers that share the storage. Creating another one is rejected with 429 `too_many_creations`.',
  },
  maxQueuedMessages: {
    rule: count,
    default: 128,
    unit: 'messages',
    variable: 'AGENT_WEBKIT_MAX_QUEUED_MESSAGES',
    effect:
      'Maximum number of queued user messages of a session. Another one is rejected with 503 `backpressure`.',
  },
  maxContentBlocks: {
    rule: count,
    default: 100,
    unit: 'blocks',
    variable: 'AGENT_WEBKIT_MAX_CONTENT_BLOCKS',
    effect:
      'Maximum number of content blocks in a user message. A message with more is rejected with 413 `payload_too_large`.',
  },
  maxTextLength: {
    rule: count,
    default: 1_000_000,
    unit: 'characters',
    variable: 'AGENT_WEBKIT_MAX_TEXT_LENGTH',
    effect:
      'Maximum length of each text of a user message. A message with a longer one is rejected with 413 `payload_too_large`.',
  },
  maxImageBytes: {
    rule: count,
    default: 5 * 1024 * 1024,
    unit: 'bytes',
    variable: 'AGENT_WEBKIT_MAX_IMAGE_BYTES',
    effect:
      'Maximum size of each image of a user message. A message with a larger one is rejected with 413 `payload_too_large`.',
  },
} satisfies Descriptors<LimitOptions>;
