import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, resolve, sep } from 'node:path';
import type { CreateSession, InboundMessage } from '../../protocol/inbound.js';
import type { PermissionMode, PermissionUpdate, SessionConfig } from '../agent-client.js';
import type { Caller } from '../caller.js';
import { checkContent, type ContentLimits } from './content-limits.js';
import { ForbiddenError } from '../errors.js';

export interface SessionPolicyOptions {
  /** The folder a session's `cwd` must be in, and is when none is asked for. */
  workspace: string;
  /** The model of a session that asks for none; null for the agent's default. */
  model: string | null;
  /** The models a client may ask for; null for any. */
  models: readonly string[] | null;
  /** The modes a client may ask for. The first is a new session's. */
  permissionModes: readonly [PermissionMode, ...PermissionMode[]];
  /** True to send partial messages to a client that does not choose. */
  includePartialMessages: boolean;
  /** Maximum number of steps of an agent before it stops; null for no limit. */
  maxTurns: number | null;
  /** How much a session may cost, in US dollars; null for any amount. */
  maxBudgetUsd: number | null;
  contentLimits: ContentLimits;
  /** The host's last word on a new session's configuration; null where it has none. */
  configureSession: ConfigureSession | null;
}

/**
 * Sets anything of a new session's configuration, by returning it, or refuses the session, by
 * throwing.
 */
export type ConfigureSession = (
  request: {
    /** The configuration that the client requested. */
    readonly asked: Readonly<CreateSession>;
    /** The configuration that the session gets unless the hook changes it. */
    readonly config: Readonly<SessionConfig>;
  },
  caller: Caller,
) => Partial<SessionConfig> | void | Promise<Partial<SessionConfig> | void>;

/** Decides what a client may request, before anything is done. */
export class SessionPolicy {
  readonly #options: SessionPolicyOptions;

  constructor(options: SessionPolicyOptions) {
    this.#options = options;
  }

  /** The configuration of a session whose client asks for nothing. */
  async defaults(): Promise<SessionConfig> {
    const { model, permissionModes, includePartialMessages } = this.#options;
    const { workspace, maxTurns, maxBudgetUsd } = this.#options;
    return {
      model,
      permissionMode: permissionModes[0],
      cwd: await realpath(workspace),
      includePartialMessages,
      ...(maxTurns !== null && { maxTurns }),
      ...(maxBudgetUsd !== null && { maxBudgetUsd }),
    };
  }

  /** The configuration of a new session. @throws ForbiddenError */
  async configure(wish: CreateSession, caller: Caller): Promise<SessionConfig> {
    const { configureSession } = this.#options;
    const byDefault = await this.defaults();
    const permissionMode = wish.permission_mode ?? byDefault.permissionMode;
    this.#checkMode(permissionMode, 'permission_mode');
    this.#checkModel(wish.model, 'model');
    const config: SessionConfig = {
      ...byDefault,
      model: wish.model ?? byDefault.model,
      permissionMode,
      cwd: wish.cwd === undefined ? byDefault.cwd : await this.#resolveFolder(wish.cwd, 'cwd'),
      includePartialMessages: wish.include_partial_messages ?? byDefault.includePartialMessages,
    };
    return { ...config, ...(await configureSession?.({ asked: wish, config }, caller)) };
  }

  /**
   * The message as it may be accepted: the default model by its name, folders by their real paths.
   *
   * @throws ForbiddenError when it asks for what the host does not allow
   */
  async check(message: InboundMessage): Promise<InboundMessage> {
    switch (message.type) {
      case 'user_message':
        checkContent(message.content, this.#options.contentLimits);
        return message;
      case 'set_permission_mode':
        this.#checkMode(message.mode, 'mode');
        return message;
      case 'set_model':
        this.#checkModel(message.model ?? undefined, 'model');
        return { ...message, model: message.model ?? this.#options.model };
      case 'permission_response': {
        const { updated_permissions: asked, ...reply } = message;
        if (!asked) return message;
        const updated_permissions: PermissionUpdate[] = [];
        for (const [index, update] of asked.entries()) {
          // oxlint-disable-next-line no-await-in-loop -- the first that is refused is told
          updated_permissions.push(
            await this.#checkUpdate(update, `updated_permissions[${index}]`),
          );
        }
        return { ...reply, updated_permissions };
      }
      case 'interrupt':
      case 'question_response':
      case 'stop_task':
        return message;
      default:
        return message satisfies never;
    }
  }

  async #checkUpdate(update: PermissionUpdate, field: string): Promise<PermissionUpdate> {
    // Any other destination is a settings file of the machine's, for all that runs there later.
    if (update.destination !== 'session') {
      throw new ForbiddenError(
        `${field}.destination: must be 'session', but got '${update.destination}'.`,
      );
    }
    if (update.type === 'setMode') this.#checkMode(update.mode, `${field}.mode`);
    if (update.type !== 'addDirectories') return update;
    const folders = update.directories.map((path) =>
      this.#resolveFolder(path, `${field}.directories`),
    );
    // Those that were looked at, since the agent would start from another folder.
    return { ...update, directories: await Promise.all(folders) };
  }

  #checkMode(mode: PermissionMode, field: string): void {
    if (this.#options.permissionModes.includes(mode)) return;
    throw new ForbiddenError(
      `${field}: '${mode}' is not permitted. Permitted: ${this.#options.permissionModes.join(', ')}.`,
    );
  }

  #checkModel(model: string | undefined, field: string): void {
    const { models } = this.#options;
    if (model === undefined || models === null || models.includes(model)) return;
    throw new ForbiddenError(
      `${field}: '${model}' is not permitted. Permitted: ${models.join(', ')}.`,
    );
  }

  /** The real path, links followed, so that no name in the workspace leads out of it. */
  async #resolveFolder(wish: string, field: string): Promise<string> {
    const root = await realpath(this.#options.workspace);
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
  return new ForbiddenError(`${field}: must be an existing folder inside the workspace.`);
}
