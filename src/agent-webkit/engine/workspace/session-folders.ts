import type { AgentFolders, GivenFiles, SessionConfig } from '../agent-client.js';

/** The facts of a session by which its folders are found. */
export interface FolderSession {
  readonly id: string;
  readonly owner: string;
  readonly config: Pick<SessionConfig, 'cwd' | 'files'>;
}

/** The folders of a new session. */
export interface NewFolders {
  /** The absolute path of the agent's working directory. */
  readonly cwd: string;
  readonly folders: AgentFolders;
}

/**
 * The folders of sessions and the homes of their agents.
 *
 * They are created before the session's record is stored, and removed before it is deleted. Until the
 * record is stored, and for an agent that starts ahead, this server remembers them in the workspace, so
 * that the next one can remove them.
 */
export interface SessionFolders {
  /** True when an agent can start before its session has an owner. */
  readonly canStartAhead: boolean;

  /** Prepares the workspace. Called once, before everything else. Rejects when it cannot be used. */
  open(): Promise<void>;

  /**
   * Resolves to the working directory of a new session: absolute, or relative to the folder that the
   * session will have.
   *
   * @param asked what the client requests; undefined for the default
   * @param owner null for an agent that starts ahead
   * @throws ForbiddenError when it is not permitted
   * @throws WorkspaceUnavailableError
   */
  cwdOf(asked: string | undefined, owner: string | null): Promise<string>;

  /**
   * Resolves to a working directory that the host chose in place of the one from {@link cwdOf}.
   *
   * @throws HostConfigurationError when it is missing, or belongs to the server or to other sessions
   */
  cwdOfHost(asked: string, owner: string): Promise<string>;

  /**
   * Resolves to the files that the host gives a new session.
   *
   * @param cwd the working directory of the session, as {@link cwdOf} returned it
   * @throws HostConfigurationError when they cannot be given
   */
  checkFiles(files: unknown, cwd: string): Promise<GivenFiles>;

  /**
   * Creates the folder and the home of a session, or takes those of its agent that started ahead, and
   * gives it its files. When that fails, nothing is left.
   *
   * @param owner null for an agent that starts ahead
   * @param config its `cwd` as {@link cwdOf} returned it
   * @throws ForbiddenError, WorkspaceUnavailableError, HostConfigurationError
   */
  create(id: string, owner: string | null, config: FolderSession['config']): Promise<NewFolders>;

  /** Call it when the session's record is stored. The folders are removed by {@link remove} only. */
  recorded(id: string): Promise<void>;

  /**
   * Resolves to the folders of a session for its agent.
   *
   * @throws SessionFolderMissingError when there is no such folder any more
   */
  find(session: FolderSession): Promise<AgentFolders>;

  /** The limit on the size of a session's folders, in bytes; null for none. */
  readonly quotaBytes: number | null;

  /**
   * Resolves to the size of what counts towards the quota of a session, in bytes. Measurements run one
   * after the other.
   *
   * @param stopAbove the size above which the rest is not measured
   * @param others folders of its agent that count as well
   */
  measure(session: FolderSession, stopAbove: number, others?: readonly string[]): Promise<number>;

  /**
   * Resolves to the real paths of folders that an agent may also work in.
   *
   * @param field the name of the field, for the error
   * @throws ForbiddenError when one is not in the session's folder
   */
  resolve(session: FolderSession, paths: readonly string[], field: string): Promise<string[]>;

  /**
   * Removes the folder and the home of a session, when its agent is gone. Resolves when no agent can
   * reach them, and nothing is left unless that takes long. May be called again.
   *
   * @throws WorkspaceUnavailableError, or the system's error; then a later call may succeed
   */
  remove(id: string): Promise<void>;

  /**
   * Ends the use of the workspace. The folders of sessions that no storage keeps are removed.
   *
   * @param timeoutMs how long that may take. The next server continues
   */
  close(timeoutMs: number): Promise<void>;
}
