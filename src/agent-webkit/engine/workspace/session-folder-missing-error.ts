/** The folder of a session is missing, so that no agent can start in it. Its code is that of the `error` event. */
export class SessionFolderMissingError extends Error {
  override readonly name = 'SessionFolderMissingError';
  readonly code = 'session_folder_missing';

  constructor(cause?: unknown) {
    super(
      'The folder of this session is missing on this server, or cannot be used. ' +
        'The operator of the server has to restore it.',
      { cause },
    );
  }
}
