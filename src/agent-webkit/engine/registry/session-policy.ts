import type { UserContent } from '../../protocol/events.js';
import type { CreateSession, InboundMessage, UserMessage } from '../../protocol/inbound.js';
import type {
  EffortLevel,
  PermissionMode,
  PermissionUpdate,
  SessionConfig,
} from '../agent-client.js';
import type { Caller } from '../caller.js';
import type { Permitted } from './capabilities.js';
import { checkContent, type ContentLimits } from './content-limits.js';
import { ForbiddenError, InvalidRequestError } from '../errors.js';
import { checkConfigured } from './host-configuration.js';
import { checkCommand, type PermittedCommands } from '../slash-command.js';
import type { FolderSession, SessionFolders } from '../workspace/session-folders.js';

type RuleUpdate = Extract<PermissionUpdate, { type: 'addRules' | 'replaceRules' }>;

export interface SessionPolicyOptions {
  /** The model of a session when the client requests none; null for the agent's default. */
  model: string | null;
  /** The models that a client may request; null for any. */
  models: readonly string[] | null;
  /** The slash commands that a client may send; null for any. */
  commands: PermittedCommands;
  /** The permission modes that a client may request. The first one is the default. */
  permissionModes: readonly [PermissionMode, ...PermissionMode[]];
  /** The effort levels that a client may request. */
  effortLevels: readonly EffortLevel[];
  /** True when partial messages are on by default. */
  includePartialMessages: boolean;
  /** The maximum number of agent steps in a turn; null for no limit. */
  maxTurns: number | null;
  /** The maximum cost of a session, in US dollars; null for no limit. */
  maxBudgetUsd: number | null;
  /** True when a message may have an output format of its own. */
  allowOutputFormat: boolean;
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
    /**
     * The configuration that the session gets unless the hook changes it. Where each session has its own
     * folder, `cwd` is relative to that folder, which does not exist yet.
     */
    readonly config: Readonly<SessionConfig>;
  },
  caller: Caller,
) => Partial<SessionConfig> | void | Promise<Partial<SessionConfig> | void>;

/** The parts of {@link SessionFolders} that check requests. */
export type PolicyFolders = Pick<SessionFolders, 'cwdOf' | 'cwdOfHost' | 'checkFiles' | 'resolve'>;

/** Checks the requests of clients against the rules of the host, before they have any effect. */
export class SessionPolicy {
  readonly #options: SessionPolicyOptions;
  readonly #folders: PolicyFolders;

  constructor(options: SessionPolicyOptions, folders: PolicyFolders) {
    this.#options = options;
    this.#folders = folders;
  }

  /**
   * Resolves to the configuration of a session whose client requests nothing. Its `cwd` is relative to the
   * folder of the session, where each session has its own.
   *
   * @param owner null for an agent that starts ahead
   * @throws WorkspaceUnavailableError
   */
  defaults(owner: string | null): Promise<SessionConfig> {
    return this.#configureCwd(undefined, owner);
  }

  async #configureCwd(asked: string | undefined, owner: string | null): Promise<SessionConfig> {
    const { model, permissionModes, includePartialMessages } = this.#options;
    const { maxTurns, maxBudgetUsd } = this.#options;
    return {
      model,
      permissionMode: permissionModes[0],
      cwd: await this.#folders.cwdOf(asked, owner),
      includePartialMessages,
      ...(maxTurns !== null && { maxTurns }),
      ...(maxBudgetUsd !== null && { maxBudgetUsd }),
    };
  }

  /**
   * Resolves to the configuration of a new session. Its `cwd` is as in {@link defaults}.
   *
   * @throws ForbiddenError when the host does not permit the request, and whatever `configureSession` throws
   * @throws HostConfigurationError when `configureSession` returns an invalid value
   * @throws WorkspaceUnavailableError
   */
  async configure(request: CreateSession, caller: Caller): Promise<SessionConfig> {
    const { configureSession } = this.#options;
    const byDefault = await this.#configureCwd(request.cwd, caller.id);
    const permissionMode = request.permission_mode ?? byDefault.permissionMode;
    this.#checkMode(permissionMode, 'permission_mode');
    this.#checkModel(request.model, 'model');
    this.#checkEffort(request.effort ?? null);
    const config: SessionConfig = {
      ...byDefault,
      model: request.model ?? byDefault.model,
      permissionMode,
      ...(request.effort !== undefined && { effort: request.effort }),
      includePartialMessages: request.include_partial_messages ?? byDefault.includePartialMessages,
    };
    const configured = await configureSession?.({ asked: request, config }, caller);
    const changed = { ...config, ...checkConfigured(configured) };
    const cwd =
      changed.cwd === config.cwd
        ? config.cwd
        : await this.#folders.cwdOfHost(changed.cwd, caller.id);
    if (changed.files === undefined) return { ...changed, cwd };
    return { ...changed, cwd, files: await this.#folders.checkFiles(changed.files, cwd) };
  }

  /**
   * Checks the first message of a new session.
   *
   * @throws PayloadTooLargeError, ForbiddenError
   */
  checkFirstMessage(content: UserContent): void {
    checkContent(content, this.#options.contentLimits, 'message');
    checkCommand(content, this.#options.commands);
  }

  /**
   * Resolves to the message with the default model's name and the real paths of folders filled in.
   *
   * @param session the session of the message, if the message {@link namesFolders}
   * @throws ForbiddenError when the host does not permit the message
   * @throws PayloadTooLargeError when its content is too large
   * @throws WorkspaceUnavailableError when it names folders
   */
  async check(
    message: InboundMessage,
    session: FolderSession | null = null,
  ): Promise<InboundMessage> {
    switch (message.type) {
      case 'user_message':
        checkContent(message.content, this.#options.contentLimits);
        checkCommand(message.content, this.#options.commands);
        this.#checkFormat(message);
        return message;
      case 'set_permission_mode':
        this.#checkMode(message.mode, 'mode');
        return message;
      case 'set_model':
        this.#checkModel(message.model ?? undefined, 'model');
        return { ...message, model: message.model ?? this.#options.model };
      case 'set_effort':
        this.#checkEffort(message.effort);
        return message;
      case 'permission_response': {
        const { updated_permissions: asked, ...reply } = message;
        if (!asked) return message;
        const updated_permissions: PermissionUpdate[] = [];
        for (const [index, update] of asked.entries()) {
          // oxlint-disable-next-line no-await-in-loop -- reports the first invalid update
          updated_permissions.push(
            await this.#checkUpdate(update, session, `updated_permissions[${index}]`),
          );
        }
        return { ...reply, updated_permissions };
      }
      case 'interrupt':
      case 'question_response':
      case 'elicitation_response':
      case 'dialog_response':
      case 'hook_decision_response':
      case 'set_max_thinking_tokens':
      case 'mcp_reconnect':
      case 'mcp_toggle':
      case 'stop_task':
        return message;
      default:
        return message satisfies never;
    }
  }

  async #checkUpdate(
    update: PermissionUpdate,
    session: FolderSession | null,
    field: string,
  ): Promise<PermissionUpdate> {
    // Any other destination is a settings file of this machine, and would apply to other sessions.
    if (update.destination !== 'session') {
      throw new ForbiddenError(
        `${field}.destination: must be 'session', but got '${update.destination}'.`,
      );
    }
    if (update.type === 'setMode') this.#checkMode(update.mode, `${field}.mode`);
    if (update.type === 'addRules' || update.type === 'replaceRules') checkRules(update, field);
    if (update.type !== 'addDirectories' || session === null) return update;
    // The agent would resolve relative paths against another folder.
    const directories = await this.#folders.resolve(
      session,
      update.directories,
      `${field}.directories`,
    );
    return { ...update, directories };
  }

  /** The choices of clients. */
  get permitted(): Permitted {
    return this.#options;
  }

  #checkMode(mode: PermissionMode, field: string): void {
    if (this.#options.permissionModes.includes(mode)) return;
    throw new ForbiddenError(
      `${field}: '${mode}' is not permitted. Permitted: ${this.#options.permissionModes.join(', ')}.`,
    );
  }

  #checkEffort(effort: EffortLevel | null): void {
    const { effortLevels } = this.#options;
    if (effort === null || effortLevels.includes(effort)) return;
    throw new ForbiddenError(
      `effort: '${effort}' is not permitted. Permitted: ${effortLevels.join(', ')}.`,
    );
  }

  #checkFormat({ output_format, delivery }: UserMessage): void {
    if (output_format === undefined) return;
    if (!this.#options.allowOutputFormat) {
      throw new ForbiddenError(
        'output_format: is not permitted. Leave it out, or set the option `agent.allowOutputFormat`.',
      );
    }
    if (delivery !== 'next_step') return;
    throw new InvalidRequestError(
      "output_format: must not be set with the delivery 'next_step', because the running turn has a format already.",
    );
  }

  #checkModel(model: string | undefined, field: string): void {
    const { models } = this.#options;
    if (model === undefined || models === null || models.includes(model)) return;
    throw new ForbiddenError(
      `${field}: '${model}' is not permitted. Permitted: ${models.join(', ')}.`,
    );
  }
}

/** True for a message that names folders, which only its session can resolve. */
export function namesFolders(message: InboundMessage): boolean {
  return (
    message.type === 'permission_response' &&
    (message.updated_permissions?.some(({ type }) => type === 'addDirectories') ?? false)
  );
}

/** An agent ignores rules that allow a whole tool by their content. */
function checkRules({ behavior, rules }: RuleUpdate, field: string): void {
  const index = rules.findIndex(({ ruleContent }) => ruleContent === '' || ruleContent === '*');
  if (behavior !== 'allow' || index === -1) return;
  throw new InvalidRequestError(
    `${field}.rules[${index}].ruleContent: must not be '${rules[index]?.ruleContent}'. To allow all uses of the tool, leave it out.`,
  );
}
