import type { EventPayloads, WireEvent } from '../../../protocol/events.js';
import { withoutApiError } from './api-errors.js';
import type { MessageOf } from './sdk-message.js';

/** How many running tasks of one agent are reported. Further ones run without events. */
const MAX_TASKS = 100;
/** The maximum length of a description or a summary, in characters. */
const MAX_TEXT = 1000;
/** The minimum time between two progress events of one task, and its minimum share of the age of the task. */
const PROGRESS_INTERVAL_MS = 5000;
const PROGRESS_INTERVAL_SHARE = 0.1;

interface Task {
  /** The id of this run: a task that is resumed keeps its own id. */
  readonly runId: string | undefined;
  readonly toolUseId: string | undefined;
  isInBackground: boolean;
  readonly startedAt: number;
  lastProgressAt: number;
}

/**
 * Translates the messages about the tasks of one agent. It keeps the running tasks, so that each one is
 * started once and ended once, whatever the agent repeats or leaves out.
 */
export class TaskMessages {
  readonly #tasks = new Map<string, Task>();
  readonly #now: () => number;

  /** @param now returns the time in milliseconds, from any point on */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  started(message: MessageOf<'system/task_started'>): WireEvent[] {
    const { task_id, tool_use_id, parent_task_id, ambient } = message;
    if (this.#tasks.has(task_id) || this.#tasks.size >= MAX_TASKS) return [];
    // Only sub-agents and commands have the field, and every other task runs in the background.
    const in_background = message.is_backgrounded ?? true;
    this.#tasks.set(task_id, {
      runId: message.run_id,
      toolUseId: tool_use_id,
      isInBackground: in_background,
      startedAt: this.#now(),
      lastProgressAt: Number.NEGATIVE_INFINITY,
    });
    const data = {
      task_id,
      ...(tool_use_id !== undefined && { tool_use_id }),
      ...(parent_task_id !== undefined && { parent_task_id }),
      task_type: message.task_type ?? 'unknown',
      description: bounded(message.description),
      in_background,
      ...(ambient && { ambient }),
    };
    return [{ event: 'task_started', data }];
  }

  progress(message: MessageOf<'system/task_progress'>): WireEvent[] {
    const { task_id, description, summary, last_tool_name, usage } = message;
    const task = this.#find(message);
    const now = this.#now();
    if (!task) return [];
    // What is left out is in a later event or in the task's end. A task of one hour has about 60 events.
    const interval = Math.max(
      PROGRESS_INTERVAL_MS,
      (now - task.startedAt) * PROGRESS_INTERVAL_SHARE,
    );
    if (now - task.lastProgressAt < interval) return [];
    task.lastProgressAt = now;
    const data = {
      task_id,
      description: bounded(description),
      ...(summary !== undefined && { summary: bounded(summary) }),
      ...(last_tool_name !== undefined && { last_tool_name }),
      usage,
    };
    return [{ event: 'task_progress', data }];
  }

  updated(message: MessageOf<'system/task_updated'>): WireEvent[] {
    const task = this.#find(message);
    if (!task || task.isInBackground || !message.patch?.is_backgrounded) return [];
    task.isInBackground = true;
    return [{ event: 'task_progress', data: { task_id: message.task_id, in_background: true } }];
  }

  ended(message: MessageOf<'system/task_notification'>): WireEvent[] {
    const { task_id, status, summary, usage } = message;
    return this.#find(message) ? this.#end(task_id, { status, summary, usage }) : [];
  }

  /** Ends the background tasks that the agent no longer lists and whose end it did not report. */
  listed({ tasks }: MessageOf<'system/background_tasks_changed'>): WireEvent[] {
    const listed = new Set(tasks?.map(({ task_id }) => task_id));
    const gone = [...this.#tasks].filter(([id, task]) => task.isInBackground && !listed.has(id));
    const summary = 'The agent did not report how the task ended.';
    return gone.flatMap(([id]) => this.#end(id, { status: 'lost', summary, usage: undefined }));
  }

  /** Returns the task of a message, unless the message is about an earlier run of it. */
  #find({ task_id, run_id }: { task_id: string; run_id?: string }): Task | null {
    const task = this.#tasks.get(task_id);
    return task?.runId === run_id ? (task ?? null) : null;
  }

  #end(
    task_id: string,
    {
      status,
      summary,
      usage,
    }: Pick<EventPayloads['task_ended'], 'status' | 'summary'> & {
      usage: EventPayloads['task_ended']['usage'] | undefined;
    },
  ): WireEvent[] {
    const tool_use_id = this.#tasks.get(task_id)?.toolUseId;
    this.#tasks.delete(task_id);
    const data = {
      task_id,
      ...(tool_use_id !== undefined && { tool_use_id }),
      status,
      summary: bounded(summary && withoutApiError(summary)),
      ...(usage !== undefined && { usage }),
    };
    return [{ event: 'task_ended', data }];
  }
}

/** Cuts a long text, and not in the middle of a character. A missing text is empty. */
function bounded(text = ''): string {
  return text.length <= MAX_TEXT ? text : text.slice(0, MAX_TEXT).replace(/[\uD800-\uDBFF]$/, '');
}
