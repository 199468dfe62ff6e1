/** A step of the agent's to-do list. */
export interface Todo {
  readonly text: string;
  readonly status: 'pending' | 'in_progress' | 'completed';
}

/** Returns the to-do list in the input of `TodoWrite`; null if it has another form. */
export function readTodos(input: unknown): readonly Todo[] | null {
  const todos = (input as { todos?: unknown } | null | undefined)?.todos;
  if (!Array.isArray(todos)) return null;
  return todos.map((todo: unknown) => {
    const { content, status, activeForm } = (todo ?? {}) as Record<string, unknown>;
    const isActive = status === 'in_progress';
    const text = isActive && typeof activeForm === 'string' ? activeForm : content;
    return {
      text: typeof text === 'string' ? text : '',
      status: isActive ? status : status === 'completed' ? status : 'pending',
    };
  });
}
