import type { Descriptors } from '../descriptor.js';
import { delay, delayOrNone, orNull } from '../rules.js';

/** How long the server waits: for activity, replies, agents and the storage. */
export interface TimeoutOptions {
  /**
   * How long a session's agent is kept without a message, a turn, an open request or a subscriber,
   * in milliseconds. It is then stopped, which frees its process; the next message starts it again,
   * which takes about a second. Null for no limit.
   *
   * @default 300000
   */
  readonly idleTimeoutMs?: number | null;

  /**
   * How long a permission request or a question waits for its reply, in milliseconds. It is then
   * denied, as `expired`. Durable requests have no limit. Null for no limit.
   *
   * @default null
   */
  readonly requestTimeoutMs?: number | null;

  /**
   * How long an agent is kept while its turn only waits for the answers to durable requests, in milliseconds.
   * It is then stopped, which frees its process; the answer starts another one, which takes about a second.
   *
   * @default 60000
   */
  readonly holdMs?: number;

  /**
   * How long a task of the agent may run in the background, in milliseconds. It is then stopped. If
   * it does not end within `interruptTimeoutMs`, its agent is stopped. Null for no limit.
   *
   * @default 3600000
   */
  readonly backgroundTaskTimeoutMs?: number | null;

  /**
   * How long an agent that has only background tasks keeps its place among the `maxAgents` while
   * another session needs one, in milliseconds. It is then stopped, and its tasks are lost. Null for
   * no limit.
   *
   * @default 300000
   */
  readonly backgroundGraceMs?: number | null;

  /**
   * How long an interrupted turn may take to end, in milliseconds. Its agent is then stopped.
   *
   * @default 10000
   */
  readonly interruptTimeoutMs?: number;

  /**
   * How long an agent may take from the start of its process until it is ready for messages, in
   * milliseconds. It is then stopped, and reported as `agent_start_failed`.
   *
   * @default 60000
   */
  readonly agentStartTimeoutMs?: number;

  /**
   * How long an agent may take to exit, in milliseconds. It is then killed.
   *
   * @default 2000
   */
  readonly agentGraceMs?: number;

  /**
   * How long a server that stops goes on to answer every request, in milliseconds, so that load balancers
   * notice that it is not ready any more. Only while other servers share its storage. 0 for no delay.
   *
   * @default 3000
   */
  readonly shutdownDelayMs?: number;

  /**
   * How long running turns may take to end when the server stops, in milliseconds. They are then
   * interrupted. Only a server whose storage is shared with others waits for them: the others go on with
   * its sessions.
   *
   * @default 30000
   */
  readonly drainTimeoutMs?: number;

  /**
   * How long an agent may take to exit while the server shuts down, in milliseconds. It is then
   * killed.
   *
   * @default 300
   */
  readonly shutdownGraceMs?: number;

  /**
   * How long a request waits for the storage, over all of its calls together, in milliseconds. It is
   * then rejected with 503 `storage_unavailable`. The time that it spends in functions of the host, or
   * waiting for an agent, does not count. A call of the storage that takes three times as long is abandoned.
   *
   * @default 5000
   */
  readonly storageTimeoutMs?: number;
}

export const TIMEOUTS = {
  idleTimeoutMs: {
    rule: orNull(delay),
    default: 300_000,
    unit: 'ms',
    variable: 'AGENT_WEBKIT_IDLE_TIMEOUT_MS',
    effect:
      'How long an unused agent is kept before it is stopped. The next message starts it again. Null for no limit.',
  },
  requestTimeoutMs: {
    rule: orNull(delay),
    default: null,
    unit: 'ms',
    variable: 'AGENT_WEBKIT_REQUEST_TIMEOUT_MS',
    effect:
      'How long a permission request or a question waits for its reply. It is then denied, as `expired`. Null for no limit.',
  },
  holdMs: {
    rule: delay,
    default: 60_000,
    unit: 'ms',
    variable: 'AGENT_WEBKIT_HOLD_MS',
    effect:
      'How long an agent is kept while its turn only waits for the answers to durable requests. It is then stopped; the answer starts another one. See [Durable requests](./requests.md).',
  },
  backgroundTaskTimeoutMs: {
    rule: orNull(delay),
    default: 3_600_000,
    unit: 'ms',
    variable: 'AGENT_WEBKIT_BACKGROUND_TASK_TIMEOUT_MS',
    effect:
      'How long a task may run in the background. It is then stopped, and if that fails, its agent is. Null for no limit.',
  },
  backgroundGraceMs: {
    rule: orNull(delay),
    default: 300_000,
    unit: 'ms',
    variable: 'AGENT_WEBKIT_BACKGROUND_GRACE_MS',
    effect:
      'How long an agent with only background tasks keeps its place while another session needs one. It is then stopped. Null for no limit.',
  },
  interruptTimeoutMs: {
    rule: delay,
    default: 10_000,
    unit: 'ms',
    effect: 'How long an interrupted turn may take to end. Its agent is then stopped.',
  },
  agentStartTimeoutMs: {
    rule: delay,
    default: 60_000,
    unit: 'ms',
    variable: 'AGENT_WEBKIT_AGENT_START_TIMEOUT_MS',
    effect:
      'How long an agent may take from the start of its process until it is ready for messages. It is then stopped, and reported as `agent_start_failed`.',
  },
  agentGraceMs: {
    rule: delay,
    default: 2000,
    unit: 'ms',
    effect: 'How long an agent may take to exit. It is then killed.',
  },
  shutdownDelayMs: {
    rule: delayOrNone,
    default: 3000,
    unit: 'ms',
    variable: 'AGENT_WEBKIT_SHUTDOWN_DELAY_MS',
    effect:
      'How long a server that stops goes on to answer every request, so that load balancers notice that it is not ready any more. Only while other servers share its storage. 0 for no delay.',
  },
  drainTimeoutMs: {
    rule: delay,
    default: 30_000,
    unit: 'ms',
    variable: 'AGENT_WEBKIT_DRAIN_TIMEOUT_MS',
    effect:
      'How long running turns may take to end when a server stops whose storage is shared with others. They are then interrupted.',
  },
  shutdownGraceMs: {
    rule: delay,
    default: 300,
    unit: 'ms',
    effect: 'How long an agent may take to exit while the server shuts down. It is then killed.',
  },
  storageTimeoutMs: {
    rule: delay,
    default: 5000,
    unit: 'ms',
    variable: 'AGENT_WEBKIT_STORAGE_TIMEOUT_MS',
    effect:
      'How long a request waits for the storage, in total. It is then rejected with 503 `storage_unavailable`.',
  },
} satisfies Descriptors<TimeoutOptions>;
