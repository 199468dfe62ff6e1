import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, resolve, sep } from 'node:path';
import type { CreateSession, InboundMessage } from '../protocol/inbound.js';
import type { PermissionMode, SessionConfig } from './agent-client.js';
import { ForbiddenError } from './errors.js';

export interface SessionPolicyOptions {
  /** The folder a session's `cwd` must be in, and is when none is asked for. */
  workspace: string;
  /** The model of a session that asks for none; null for the agent's default. */
  model: string | null;
  /** The modes a client may ask for. The first is a new session's. */
  permissionModes: readonly [PermissionMode, ...PermissionMode[]];
  /** Whether partial messages are on when a client does not say. */
  includePartialMessages: boolean;
}

/** What a client may ask for, decided by the host in one place and before anything is done. */
export class SessionPolicy {
  readonly #options: SessionPolicyOptions;

  constructor(options: SessionPolicyOptions) {
    this.#options = options;
  }

  /** The configuration of a new session. @throws ForbiddenError */
  async configure(wish: CreateSession): Promise<SessionConfig> {
    const { model, permissionModes, includePartialMessages } = this.#options;
    const permissionMode = wish.permission_mode ?? permissionModes[0];
    this.#checkMode(permissionMode, 'permission_mode');
    return {
      model: wish.model ?? model,
      permissionMode,
      cwd: await this.#resolveFolder(wish.cwd, 'cwd'),
      includePartialMessages: wish.include_partial_messages ?? includePartialMessages,
    };
  }

  /** @throws ForbiddenError when the message asks for what the host does not allow */
  async check(message: InboundMessage): Promise<void> {
    if (message.type === 'set_permission_mode') this.#checkMode(message.mode, 'mode');
    if (message.type !== 'permission_response') return;
    for (const [index, update] of (message.updated_permissions ?? []).entries()) {
      const field = `updated_permissions[${index}]`;
      // Any other destination is a settings file of the machine's, for all that runs there later.
      if (update.destination !== 'session') {
        throw new ForbiddenError(`${field}.destination: only 'session' is allowed here.`);
      }
      if (update.type === 'setMode') this.#checkMode(update.mode, `${field}.mode`);
      if (update.type !== 'addDirectories') continue;
      const folders = update.directories.map((path) =>
        this.#resolveFolder(path, `${field}.directories`),
      );
      // oxlint-disable-next-line no-await-in-loop -- the first that is refused is told
      await Promise.all(folders);
    }
  }

  #checkMode(mode: PermissionMode, field: string): void {
    if (this.#options.permissionModes.includes(mode)) return;
    throw new ForbiddenError(
      `${field}: '${mode}' is not allowed here. Allowed: ${this.#options.permissionModes.join(', ')}.`,
    );
  }

  /** The real path, links followed, so that no name in the workspace leads out of it. */
  async #resolveFolder(wish: string | undefined, field: string): Promise<string> {
    const root = await realpath(this.#options.workspace);
    if (wish === undefined) return root;
    let path: string;
    let isFolder: boolean;
    try {
      path = await realpath(isAbsolute(wish) ? wish : resolve(root, wish));
      isFolder = (await stat(path)).isDirectory();
    } catch {
      throw outsideWorkspace(field); // a folder that does not exist looks like one that may not be used
    }
    const isInside = path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
    if (!isInside || !isFolder) throw outsideWorkspace(field);
    return path;
  }
}

function outsideWorkspace(field: string): ForbiddenError {
  return new ForbiddenError(`${field}: not an existing folder inside the workspace.`);
}
