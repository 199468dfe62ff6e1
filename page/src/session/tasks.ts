import type { DeliveredEvent, EventPayloads } from '../../../src/agent-webkit/protocol/events.js';

/** A running task of the agent: a sub-agent, or a command. */
export interface Task {
  readonly id: string;
  readonly description: string;
  /** The present step, in words. */
  readonly step: string;
  /** True if the task continues after its turn. */
  readonly isInBackground: boolean;
}

/** Returns the running tasks after an event. */
export function addTaskEvent(tasks: readonly Task[], event: DeliveredEvent): readonly Task[] {
  switch (event.event) {
    case 'task_started': {
      const { task_id: id, description, in_background: isInBackground, ambient } = event.data;
      if (ambient) return tasks;
      return [...tasks, { id, description, step: '', isInBackground }];
    }
    case 'task_progress': {
      const { task_id: id, description, summary, in_background: isMoved } = event.data;
      return tasks.map((task) =>
        task.id === id
          ? {
              ...task,
              step: summary ?? description ?? task.step,
              isInBackground: task.isInBackground || isMoved === true,
            }
          : task,
      );
    }
    case 'task_ended':
      return tasks.filter(({ id }) => id !== event.data.task_id);
    default:
      return tasks;
  }
}

const ENDINGS: Readonly<Record<EventPayloads['task_ended']['status'], string>> = {
  completed: 'completed',
  failed: 'failed',
  stopped: 'was stopped',
  lost: 'ended with its agent',
};

/** Returns the note about a background task that ended; null for any other event. */
export function describeTaskEnd(tasks: readonly Task[], event: DeliveredEvent): string | null {
  if (event.event !== 'task_ended') return null;
  const { task_id: id, status, summary } = event.data;
  const task = tasks.find((running) => running.id === id);
  if (task?.isInBackground !== true) return null;
  return `Background task “${task.description}” ${ENDINGS[status]}${summary === '' ? '.' : `: ${summary}`}`;
}
