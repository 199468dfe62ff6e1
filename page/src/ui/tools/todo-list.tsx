import type { Todo } from './todos.js';

const STATES: Readonly<Record<Todo['status'], string>> = {
  pending: 'To do: ',
  in_progress: 'In progress: ',
  completed: 'Done: ',
};
const SIGNS: Readonly<Record<Todo['status'], string>> = {
  pending: '○',
  in_progress: '◐',
  completed: '✓',
};

/** The to-do list of the agent. */
export function TodoList({ todos }: { todos: readonly Todo[] }) {
  return (
    <ul className="todos" aria-label="To-do list">
      {todos.map(({ text, status }, index) => (
        <li key={index} data-status={status}>
          <span className="todo-sign" aria-hidden="true">
            {SIGNS[status]}
          </span>
          <span>
            <span className="visually-hidden">{STATES[status]}</span>
            {text}
          </span>
        </li>
      ))}
    </ul>
  );
}
