/** A session works in a folder with files of the server, so that no agent starts there in a sandbox. */
export class ServerFolderError extends Error {
  override readonly name = 'ServerFolderError';
  /** That of the `error` event. */
  readonly code = 'session_folder_missing';

  constructor() {
    super(
      'The folder of this session contains files of the server, so no agent can start there in a sandbox. ' +
        'The documentation of the option `workspace` has the remedy for the operator of the server.',
    );
  }
}
