import type { InboundMessage } from '../../protocol/inbound.js';
import type {
  AgentClient,
  PermissionMode,
  PermissionUpdate,
  SessionConfig,
} from '../agent-client.js';
import type { EngineLogger } from '../engine-logger.js';
import { StorageUnavailableError } from '../errors.js';
import type { EventLog } from '../event-log/event-log.js';
import { addGrants, takesBack } from '../permission-grants.js';
import { FencedError, type SessionRecord, type SessionRecordStore } from '../storage.js';
import type { SessionLifecycle } from './session-lifecycle.js';
import { errorEvent } from './turn-events.js';
import type { TurnGate } from './turn-gate.js';

export interface SessionSettingsOptions {
  /** Changed by this class, in memory and in the storage. */
  record: SessionRecord;
  records: SessionRecordStore;
  log: EventLog;
  gate: TurnGate;
  lifecycle: SessionLifecycle;
  logger: EngineLogger;
}

/** The part of a session's record that changes while it lives: its configuration, and the time of its last activity. */
export class SessionSettings {
  readonly #options: SessionSettingsOptions;
  /** The last change of the configuration. The next change is based on it, and waits for it. */
  #configured: Promise<void> = Promise.resolve();

  constructor(options: SessionSettingsOptions) {
    this.#options = options;
  }

  get #config(): SessionConfig {
    return this.#options.record.config;
  }

  async setModel(model: string | null): Promise<void> {
    const { model: before } = this.#config;
    await this.#configure({ model });
    this.callAgent(
      (agent) => agent.setModel(model),
      () => (this.#config.model === model ? { model: before } : {}),
    );
  }

  async setPermissionMode(permissionMode: PermissionMode): Promise<void> {
    const { permissionMode: before } = this.#config;
    await this.#configure({ permissionMode });
    this.callAgent(
      (agent) => agent.setPermissionMode(permissionMode),
      () => (this.#config.permissionMode === permissionMode ? { permissionMode: before } : {}),
    );
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
    call(client).catch((error: unknown) => {
      if (!lifecycle.isLiving) return;
      void this.#logFailure(this.#configure(undo()));
      const message = error instanceof Error ? error.message : 'The agent refused this.';
      void log.append(errorEvent('agent_error', message));
    });
  }

  /** @throws PayloadTooLargeError when the session would have too many rules and folders after this reply */
  checkReply(message: InboundMessage): void {
    addGrants(this.#config.grants, updatesIn(message));
  }

  /**
   * Stores what a reply granted for the session, so that the next agent starts with it. Resolves when
   * it is stored, or cannot be: the reply is accepted already.
   */
  async applyReply(message: InboundMessage): Promise<void> {
    const updates = updatesIn(message);
    if (updates.length === 0) return;
    const mode = updates.findLast((update) => update.type === 'setMode')?.mode;
    if (updates.some(takesBack)) this.#options.gate.outdateAgent();
    const configured = this.#configure((config) => {
      const grants = addGrants(config.grants, updates);
      return { ...(grants !== config.grants && { grants }), ...(mode && { permissionMode: mode }) };
    });
    await this.#logFailure(configured);
  }

  /** Stores the present time as the session's last activity, without waiting for the storage. */
  recordActivity(): void {
    const { record, records } = this.#options;
    record.lastActivityAt = new Date();
    const { id, epoch, lastActivityAt } = record;
    void this.#logFailure(records.update(id, epoch, { lastActivityAt }));
  }

  #configure(
    change: Partial<SessionConfig> | ((before: SessionConfig) => Partial<SessionConfig>),
  ): Promise<void> {
    const configured = this.#configured.then(() =>
      this.#save(typeof change === 'function' ? change(this.#config) : change),
    );
    this.#configured = configured.catch(() => undefined);
    return configured;
  }

  async #save(change: Partial<SessionConfig>): Promise<void> {
    const { record, records, lifecycle } = this.#options;
    const config = { ...record.config, ...change };
    try {
      await records.update(record.id, record.epoch, { config });
    } catch (error) {
      if (error instanceof FencedError) lifecycle.loseOwnership(error);
      throw new StorageUnavailableError(error);
    }
    record.config = config;
  }

  /** For updates that nothing waits for: the message that caused them stays accepted. */
  #logFailure(updated: Promise<void>): Promise<void> {
    const { record, lifecycle, logger } = this.#options;
    return updated.catch((error: unknown) => {
      if (!lifecycle.isLiving) return;
      logger.warn(`Session ${record.id}: could not update its record: ${String(error)}`);
    });
  }
}

/** Returns the permission updates of a reply that allows something. */
function updatesIn(message: InboundMessage): PermissionUpdate[] {
  const isAllowed = message.type === 'permission_response' && message.behavior === 'allow';
  return isAllowed ? (message.updated_permissions ?? []) : [];
}
