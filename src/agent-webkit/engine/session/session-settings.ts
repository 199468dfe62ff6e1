import { isDeepStrictEqual } from 'node:util';
import type { InboundMessage } from '../../protocol/inbound.js';
import type {
  AgentClient,
  EffortLevel,
  PermissionMode,
  PermissionUpdate,
  SessionConfig,
} from '../agent-client.js';
import type { EngineLogger } from '../engine-logger.js';
import {
  BackpressureError,
  InvalidRequestError,
  NotStorableError,
  StorageUnavailableError,
} from '../errors.js';
import type { EventLog } from '../event-log/event-log.js';
import { addGrants, takesBack } from '../permission-grants.js';
import {
  FencedError,
  type SessionRecord,
  type SessionRecordStore,
  UnstorableError,
} from '../storage.js';
import type { SessionLifecycle } from './session-lifecycle.js';
import { effortChanged, errorEvent, permissionModeChanged } from './turn-events.js';
import type { TurnGate } from './turn-gate.js';

/** How many calls may wait for an agent, for example while it starts. */
const MAX_CALLS = 100;
/** How many MCP servers clients may disable. */
const MAX_DISABLED = 100;

type ThinkingConfig = Pick<SessionConfig, 'effort' | 'maxThinkingTokens'>;

export interface SessionSettingsOptions {
  /** Changed by this class, in memory and in the storage. */
  record: SessionRecord;
  records: SessionRecordStore;
  log: EventLog;
  gate: TurnGate;
  lifecycle: SessionLifecycle;
  /** The permission modes to which the agent may change. */
  permissionModes: readonly PermissionMode[];
  logger: EngineLogger;
}

/** The part of a session's record that changes while it lives: its configuration, and the time of its last activity. */
export class SessionSettings {
  readonly #options: SessionSettingsOptions;
  /** The last change of the configuration. The next change is based on it, and waits for it. */
  #configured: Promise<void> = Promise.resolve();

  /** False while the grants in memory are newer than the stored ones. */
  #isStored = true;
  /** True while the time of the last activity is being stored. */
  #isRecording = false;

  /** The permission mode as of the last event, before it is stored. */
  #mode: PermissionMode;
  /** The mode in which the session was loaded, to which the agent may return whatever clients may request. */
  readonly #firstMode: PermissionMode;
  /** The number of calls that set the agent's mode and have not returned. What it reports before is out of date. */
  #modeCalls = 0;
  /** The number of changes that are not stored, or that the agent has not answered. */
  #unanswered = 0;

  constructor(options: SessionSettingsOptions) {
    this.#options = options;
    this.#mode = options.record.config.permissionMode;
    this.#firstMode = this.#mode;
  }

  get #config(): SessionConfig {
    return this.#options.record.config;
  }

  /** @throws BackpressureError while the agent has not answered earlier changes */
  async setModel(model: string | null): Promise<void> {
    this.#assertAnswering();
    const { model: before } = this.#config;
    await this.#configure({ model });
    this.callAgent(
      (agent) => agent.setModel(model),
      () => (this.#config.model === model ? { model: before } : {}),
    );
  }

  /** @throws BackpressureError while the agent has not answered earlier changes */
  async setPermissionMode(permissionMode: PermissionMode): Promise<void> {
    this.#assertAnswering();
    const before = this.#mode;
    await this.#configure({ permissionMode });
    const published = this.#publishMode(permissionMode);
    this.#setAgentMode(permissionMode, () => {
      if (this.#mode !== permissionMode) return {};
      void this.#publishMode(before);
      return { permissionMode: before };
    });
    await published;
  }

  /** @throws BackpressureError while the agent has not answered earlier changes */
  setEffort(effort: EffortLevel | null): Promise<void> {
    return this.#setThinking({ effort }, (agent) => agent.setEffort?.(effort));
  }

  /** @throws BackpressureError while the agent has not answered earlier changes */
  setMaxThinkingTokens(maxThinkingTokens: number | null): Promise<void> {
    return this.#setThinking({ maxThinkingTokens }, (agent) =>
      agent.setMaxThinkingTokens?.(maxThinkingTokens),
    );
  }

  async #setThinking(
    change: ThinkingConfig,
    call: (agent: AgentClient) => Promise<void> | undefined,
  ): Promise<void> {
    this.#assertAnswering();
    const { log, gate } = this.#options;
    const before = pick(this.#config, change);
    if (isDeepStrictEqual(before, change)) return;
    await this.#configure(change);
    const published = log.append(effortChanged(this.#config));
    const undo = (): ThinkingConfig => {
      if (!isDeepStrictEqual(pick(this.#config, change), change)) return {};
      void log.append(effortChanged({ ...this.#config, ...before }));
      return before;
    };
    this.callAgent(async (agent) => call(agent) ?? gate.outdateAgent(), undo);
    await published;
  }

  get disabledMcpServers(): readonly string[] {
    return this.#config.disabledMcpServers ?? [];
  }

  /**
   * Stores that an MCP server is enabled or disabled, and calls the running agent.
   *
   * @throws BackpressureError while the agent has not answered earlier changes
   * @throws InvalidRequestError when too many servers are disabled
   */
  async setMcpServer(
    name: string,
    enabled: boolean,
    call: (agent: AgentClient) => Promise<void>,
  ): Promise<void> {
    this.#assertAnswering();
    const others = this.disabledMcpServers.filter((each) => each !== name);
    if (!enabled && others.length >= MAX_DISABLED) {
      throw new InvalidRequestError(`server: at most ${MAX_DISABLED} servers can be disabled.`);
    }
    const change = (isEnabled: boolean) => ({
      disabledMcpServers: [
        ...this.disabledMcpServers.filter((each) => each !== name),
        ...(isEnabled ? [] : [name]),
      ],
    });
    await this.#configure(change(enabled));
    this.callAgent(call, () => change(!enabled));
  }

  /** Stores the maximum cost of the session. An agent that was started with another one is replaced. */
  async setMaxBudget(maxBudgetUsd: number): Promise<void> {
    await this.#configure({ maxBudgetUsd });
    this.#options.gate.outdateAgent();
  }

  /**
   * Follows the agent to the permission mode that it reports, so that the next agent starts in it. A mode
   * that the host does not permit is set back, with an `error` event.
   */
  followMode(mode: PermissionMode): void {
    if (mode === this.#mode || this.#modeCalls > 0) return;
    const { log, permissionModes } = this.#options;
    if (permissionModes.includes(mode) || mode === this.#firstMode) {
      void this.#publishMode(mode);
      void this.#logFailure(this.#configure({ permissionMode: mode }));
      return;
    }
    const message =
      `The agent changed to the permission mode '${mode}', which is not permitted. ` +
      `It was set back to '${this.#mode}'.`;
    void log.append(errorEvent('agent_error', message));
    this.#setAgentMode(this.#mode);
  }

  #publishMode(mode: PermissionMode): void | Promise<void> {
    if (mode === this.#mode) return;
    this.#mode = mode;
    return this.#options.log.append(permissionModeChanged(mode));
  }

  #setAgentMode(mode: PermissionMode, undo?: () => Partial<SessionConfig>): void {
    const call = async (agent: AgentClient): Promise<void> => {
      this.#modeCalls += 1;
      await agent.setPermissionMode(mode).finally(() => {
        this.#modeCalls -= 1;
      });
    };
    this.callAgent(call, undo);
  }

  /**
   * Calls the running agent, if there is one, without waiting for it. When the agent rejects it, the
   * change is undone and an `error` event is appended: the message was valid and stays accepted.
   */
  callAgent(
    call: (agent: AgentClient) => Promise<void>,
    undo: () => Partial<SessionConfig> = () => ({}),
  ): void {
    const { gate, lifecycle, log } = this.#options;
    const { client } = gate.agent;
    if (!client) return;
    this.#counted(call(client)).catch((error: unknown) => {
      if (!lifecycle.isLiving) return;
      void this.#logFailure(this.#configure(undo()));
      const message = error instanceof Error ? error.message : 'The agent rejected the change.';
      void log.append(errorEvent('agent_error', message));
    });
  }

  #counted(change: Promise<void>): Promise<void> {
    this.#unanswered += 1;
    return change.finally(() => {
      this.#unanswered -= 1;
    });
  }

  #assertAnswering(): void {
    if (this.#unanswered < MAX_CALLS) return;
    throw new BackpressureError(`${MAX_CALLS} changes are`);
  }

  /** @throws PayloadTooLargeError when the session would have too many rules and folders after this reply */
  checkReply(message: InboundMessage): void {
    addGrants(this.#config.grants, updatesIn(message));
  }

  /**
   * Gives what a reply granted to the next agent, and stores it. Resolves when it is stored, or cannot
   * be: the reply is accepted already. Then it is stored with the next activity.
   */
  async applyReply(message: InboundMessage): Promise<void> {
    const updates = updatesIn(message);
    if (updates.length === 0) return;
    const granted = this.#logFailure(this.#grant(updates));
    if (updates.some(takesBack)) this.#options.gate.outdateAgent();
    await granted;
  }

  async #grant(updates: readonly PermissionUpdate[]): Promise<void> {
    const grants = addGrants(this.#config.grants, updates);
    if (grants === this.#config.grants) return;
    // Before it is stored: the agent has it already, and the next one may start meanwhile.
    this.#options.record.config = { ...this.#config, grants };
    this.#isStored = false;
    await this.#configure({});
  }

  /** Stores the present time as the session's last activity, without waiting for the storage. */
  recordActivity(): void {
    const { record } = this.#options;
    record.lastActivityAt = new Date();
    if (!this.#isRecording) void this.#storeActivity();
    if (!this.#isStored) void this.#logFailure(this.#configure({}));
  }

  /** One update at a time, so that an earlier time does not replace a later one. */
  async #storeActivity(): Promise<void> {
    const { record, records } = this.#options;
    this.#isRecording = true;
    let stored: Date;
    do {
      stored = record.lastActivityAt;
      // oxlint-disable-next-line no-await-in-loop -- one update after the other
      await this.#logFailure(records.update(record.id, record.epoch, { lastActivityAt: stored }));
    } while (record.lastActivityAt !== stored);
    this.#isRecording = false;
  }

  /** Stores a change of the configuration, together with grants that are not stored yet. */
  #configure(change: Partial<SessionConfig>): Promise<void> {
    const configured = this.#counted(this.#configured.then(() => this.#save(change)));
    this.#configured = configured.catch(() => undefined);
    return configured;
  }

  async #save(change: Partial<SessionConfig>): Promise<void> {
    const { record, records, lifecycle } = this.#options;
    if (Object.keys(change).length === 0 && this.#isStored) return;
    const { grants } = record.config;
    try {
      await records.update(record.id, record.epoch, { config: { ...record.config, ...change } });
    } catch (error) {
      if (error instanceof FencedError) lifecycle.loseOwnership(error);
      if (error instanceof UnstorableError) throw new NotStorableError(error);
      throw error instanceof StorageUnavailableError ? error : new StorageUnavailableError(error);
    }
    record.config = { ...record.config, ...change };
    if (record.config.grants === grants) this.#isStored = true;
  }

  /** For updates that nothing waits for: the message that caused them stays accepted. */
  #logFailure(updated: Promise<void>): Promise<void> {
    const { record, lifecycle, logger } = this.#options;
    return updated.catch((error: unknown) => {
      // An outage is reported by the storage's guard.
      if (!lifecycle.isLiving || error instanceof StorageUnavailableError) return;
      logger.warn(`Session ${record.id}: could not update its record: ${String(error)}`);
    });
  }
}

/** Returns the present values of what a change changes. */
function pick({ effort = null, maxThinkingTokens = null }: SessionConfig, change: ThinkingConfig) {
  return 'effort' in change ? { effort } : { maxThinkingTokens };
}

/** Returns the permission updates of a reply that allows something. */
function updatesIn(message: InboundMessage): PermissionUpdate[] {
  const isAllowed = message.type === 'permission_response' && message.behavior === 'allow';
  return isAllowed ? (message.updated_permissions ?? []) : [];
}
