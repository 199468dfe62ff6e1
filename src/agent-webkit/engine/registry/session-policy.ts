import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, resolve, sep } from 'node:path';
import type { CreateSession, InboundMessage } from '../../protocol/inbound.js';
import type { PermissionMode, PermissionUpdate, SessionConfig } from '../agent-client.js';
import type { Caller } from '../caller.js';
import { checkContent, type ContentLimits } from './content-limits.js';
import { ForbiddenError, InvalidRequestError } from '../errors.js';
import type { EngineLogger } from '../engine-logger.js';
import { Workspace } from './workspace.js';
import { checkCommand, type PermittedCommands } from '../slash-command.js';

type RuleUpdate = Extract<PermissionUpdate, { type: 'addRules' | 'replaceRules' }>;

export interface SessionPolicyOptions {
  /** The folder that contains the working directory of every session. It is also the default. */
  workspace: string;
  /** The model of a session when the client requests none; null for the agent's default. */
  model: string | null;
  /** The models that a client may request; null for any. */
  models: readonly string[] | null;
  /** The slash commands that a client may send; null for any. */
  commands: PermittedCommands;
  /** The permission modes that a client may request. The first one is the default. */
  permissionModes: readonly [PermissionMode, ...PermissionMode[]];
  /** True when partial messages are on by default. */
  includePartialMessages: boolean;
  /** The maximum number of agent steps in a turn; null for no limit. */
  maxTurns: number | null;
  /** The maximum cost of a session, in US dollars; null for no limit. */
  maxBudgetUsd: number | null;
  contentLimits: ContentLimits;
  /** The host's hook that changes or rejects a new session's configuration; null for none. */
  configureSession: ConfigureSession | null;
}

/**
 * Returns the values of a new session's configuration that the host sets. Throws to reject the
 * session.
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

/** Checks the requests of clients against the rules of the host, before they have any effect. */
export class SessionPolicy {
  readonly #options: SessionPolicyOptions;
  readonly #workspace: Workspace;

  constructor(options: SessionPolicyOptions, logger: EngineLogger) {
    this.#options = options;
    this.#workspace = new Workspace(options.workspace, logger);
  }

  /**
   * Resolves to the configuration of a session whose client requests nothing.
   *
   * @throws WorkspaceUnavailableError
   */
  async defaults(): Promise<SessionConfig> {
    const { model, permissionModes, includePartialMessages } = this.#options;
    const { maxTurns, maxBudgetUsd } = this.#options;
    return {
      model,
      permissionMode: permissionModes[0],
      cwd: await this.#workspace.find(),
      includePartialMessages,
      ...(maxTurns !== null && { maxTurns }),
      ...(maxBudgetUsd !== null && { maxBudgetUsd }),
    };
  }

  /**
   * Resolves to the configuration of a new session.
   *
   * @throws ForbiddenError when the host does not permit the request, and whatever `configureSession` throws
   * @throws WorkspaceUnavailableError
   */
  async configure(request: CreateSession, caller: Caller): Promise<SessionConfig> {
    const { configureSession } = this.#options;
    const byDefault = await this.defaults();
    const permissionMode = request.permission_mode ?? byDefault.permissionMode;
    this.#checkMode(permissionMode, 'permission_mode');
    this.#checkModel(request.model, 'model');
    const config: SessionConfig = {
      ...byDefault,
      model: request.model ?? byDefault.model,
      permissionMode,
      cwd:
        request.cwd === undefined ? byDefault.cwd : await this.#resolveFolder(request.cwd, 'cwd'),
      includePartialMessages: request.include_partial_messages ?? byDefault.includePartialMessages,
    };
    return { ...config, ...(await configureSession?.({ asked: request, config }, caller)) };
  }

  /**
   * Resolves to the message with the default model's name and the real paths of folders filled in.
   *
   * @throws ForbiddenError when the host does not permit the message
   * @throws PayloadTooLargeError when its content is too large
   * @throws WorkspaceUnavailableError when it names folders
   */
  async check(message: InboundMessage): Promise<InboundMessage> {
    switch (message.type) {
      case 'user_message':
        checkContent(message.content, this.#options.contentLimits);
        checkCommand(message.content, this.#options.commands);
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
          // oxlint-disable-next-line no-await-in-loop -- reports the first invalid update
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
    // Any other destination is a settings file of this machine, and would apply to other sessions.
    if (update.destination !== 'session') {
      throw new ForbiddenError(
        `${field}.destination: must be 'session', but got '${update.destination}'.`,
      );
    }
    if (update.type === 'setMode') this.#checkMode(update.mode, `${field}.mode`);
    if (update.type === 'addRules' || update.type === 'replaceRules') checkRules(update, field);
    if (update.type !== 'addDirectories') return update;
    const folders = update.directories.map((path) =>
      this.#resolveFolder(path, `${field}.directories`),
    );
    // The agent would resolve relative paths against another folder.
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

  /** Resolves to the real path of a folder. Symbolic links are followed, so that none leads out of the workspace. */
  async #resolveFolder(request: string, field: string): Promise<string> {
    const root = await this.#workspace.find();
    let path: string;
    let isFolder: boolean;
    try {
      path = await realpath(isAbsolute(request) ? request : resolve(root, request));
      isFolder = (await stat(path)).isDirectory();
    } catch {
      throw outsideWorkspace(field); // answered the same as a folder that is not permitted
    }
    const isInside = path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
    if (!isInside || !isFolder) throw outsideWorkspace(field);
    return path;
  }
}

/** An agent ignores rules that allow a whole tool by their content. */
function checkRules({ behavior, rules }: RuleUpdate, field: string): void {
  const index = rules.findIndex(({ ruleContent }) => ruleContent === '' || ruleContent === '*');
  if (behavior !== 'allow' || index === -1) return;
  throw new InvalidRequestError(
    `${field}.rules[${index}].ruleContent: must not be '${rules[index]?.ruleContent}'. To allow all uses of the tool, leave it out.`,
  );
}

function outsideWorkspace(field: string): ForbiddenError {
  return new ForbiddenError(`${field}: must be an existing folder inside the workspace.`);
}
