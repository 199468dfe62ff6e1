import type { EventPayloads, EventTime, WireEvent } from '../../protocol/events.js';
import type { SessionTask } from '../../protocol/answers.js';
import type { AgentClient } from '../agent-client.js';
import type { EngineLogger } from '../engine-logger.js';
import { NoRunningTaskError } from '../errors.js';
import type { EventLog } from '../event-log/event-log.js';
import type { RunningTask, SessionState } from '../event-log/session-state.js';
import { parseSessionEvent } from '../session-event.js';
import { errorEvent } from './turn-events.js';

export interface TasksOptions {
  sessionId: string;
  log: EventLog;
  /** How long a task may run in the background before it is stopped, in milliseconds; null for no limit. */
  timeoutMs: number | null;
  /** How long a task that is stopped may take to end before its agent is stopped, in milliseconds. */
  stopTimeoutMs: number;
  /** Calls the running agent, if there is one, and reports a rejection to clients. */
  callAgent: (call: (agent: AgentClient) => Promise<void>) => void;
  /** Called repeatedly while a task that was stopped does not end, so that its agent is stopped. */
  onStuck: () => void;
  logger: EngineLogger;
}

interface Deadline {
  /** As `performance.now()`. */
  at: number;
  /** True when the task has reached its time limit, and was stopped. */
  isExpired: boolean;
}

/**
 * The tasks of a session's agent: stops one on request, and those that run in the background for too
 * long. The running tasks are in the log's state; this class only adds what is being stopped.
 */
export class Tasks {
  readonly #log: EventLog;
  readonly #options: TasksOptions;
  /** The ids of the running tasks that the agent is stopping. */
  readonly #stopping = new Set<string>();
  /** The deadlines of the tasks that run in the background, by id. */
  readonly #deadlines = new Map<string, Deadline>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: TasksOptions) {
    this.#log = options.log;
    this.#options = options;
  }

  /**
   * Tells the agent to stop a task. Its end follows as an event.
   *
   * @throws NoRunningTaskError when no such task runs, or it is being stopped already
   */
  stop(taskId: string): void {
    if (!this.#log.state.tasks.has(taskId) || this.#stopping.has(taskId)) {
      throw new NoRunningTaskError(taskId);
    }
    this.#stopping.add(taskId);
    this.#options.callAgent((agent) =>
      agent.stopTask(taskId).catch((error: unknown) => {
        this.#stopping.delete(taskId);
        throw error;
      }),
    );
  }

  /** Updates the deadlines. Call it when tasks have started or ended. */
  update(): void {
    const { tasks } = this.#log.state;
    for (const id of this.#stopping) if (!tasks.has(id)) this.#stopping.delete(id);
    for (const id of this.#deadlines.keys()) if (!tasks.has(id)) this.#deadlines.delete(id);
    const { timeoutMs } = this.#options;
    if (timeoutMs === null) return;
    for (const { taskId, isInBackground } of tasks.values()) {
      if (!isInBackground || this.#deadlines.has(taskId)) continue;
      this.#deadlines.set(taskId, { at: performance.now() + timeoutMs, isExpired: false });
    }
    this.#restartTimer();
  }

  /** Stops the timer. Call it when the session ends. */
  stopTimer(): void {
    clearTimeout(this.#timer);
  }

  #restartTimer(): void {
    clearTimeout(this.#timer);
    if (this.#deadlines.size === 0) return;
    const next = Math.min(...[...this.#deadlines.values()].map(({ at }) => at));
    this.#timer = setTimeout(
      () => this.#onDeadline(),
      Math.max(0, next - performance.now()),
    ).unref();
  }

  #onDeadline(): void {
    const now = performance.now();
    let isStuck = false;
    for (const [taskId, deadline] of this.#deadlines) {
      if (deadline.at > now) continue;
      deadline.at = now + this.#options.stopTimeoutMs;
      if (deadline.isExpired) isStuck = true;
      else this.#expire(taskId);
      deadline.isExpired = true;
    }
    if (isStuck) this.#options.onStuck();
    this.#restartTimer();
  }

  #expire(taskId: string): void {
    const { sessionId, timeoutMs, logger } = this.#options;
    logger.warn(
      `Session ${sessionId}: task ${taskId} ran in the background for ${timeoutMs} ms. Stopping it.`,
    );
    const message = `The task '${taskId}' ran in the background for too long, so it is stopped.`;
    // A log that has failed ends the session by itself.
    this.#log.append(errorEvent('task_timeout', message))?.catch(() => undefined);
    if (!this.#stopping.has(taskId)) this.stop(taskId);
  }
}

/** Returns the events that end all running tasks, for an agent that is gone. */
export function lostTasks({ tasks }: SessionState): WireEvent[] {
  return [...tasks.values()].map(({ taskId, toolUseId }) => ({
    event: 'task_ended',
    data: {
      task_id: taskId,
      ...(toolUseId !== undefined && { tool_use_id: toolUseId }),
      status: 'lost',
      summary: 'The agent ended before the task did.',
    },
  }));
}

/** Returns a running task as its event described it. */
export function toSessionTask({ events, isInBackground }: RunningTask): SessionTask {
  const [started] = events;
  const { time, ...task } = parseSessionEvent(started).data as EventPayloads['task_started'] &
    EventTime;
  return { ...task, in_background: isInBackground, started_at: time };
}
