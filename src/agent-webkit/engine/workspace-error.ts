/** The workspace cannot be used, so that the server does not start. The message is for its operator. */
export class WorkspaceError extends Error {
  override readonly name = 'WorkspaceError';
}
