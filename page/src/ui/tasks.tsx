import type { Task } from '../session/tasks.js';

interface TasksProps {
  tasks: readonly Task[];
  /** Null for a user who may not stop them. */
  onStop: ((id: string) => void) | null;
}

/** The tasks that run in the background, each with a button that stops it. */
export function Tasks({ tasks, onStop }: TasksProps) {
  const background = tasks.filter(({ isInBackground }) => isInBackground);
  if (background.length === 0) return null;
  return (
    <ul className="waiting" aria-label="Background tasks">
      {background.map(({ id, description, step }) => (
        <li key={id}>
          <span className="waiting-state">In background</span>
          <span className="waiting-text">
            {description}
            {step === '' ? null : ` · ${step}`}
          </span>
          {onStop === null ? null : (
            <button
              type="button"
              className="quiet"
              aria-label={`Stop ${description}`}
              onClick={() => onStop(id)}
            >
              Stop
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}
