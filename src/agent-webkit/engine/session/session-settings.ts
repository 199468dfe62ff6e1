import type { InboundMessage } from '../../protocol/inbound.js';
import type { AgentClient, PermissionMode, SessionConfig } from '../agent-client.js';
import type { EngineLogger } from '../engine-logger.js';
import { StorageUnavailableError } from '../errors.js';
import type { EventLog } from '../event-log/event-log.js';
import { FencedError, type SessionRecord, type SessionRecordStore } from '../storage.js';

export interface SessionSettingsOptions {
  /** Changed here, in memory and in the store. */
  record: SessionRecord;
  records: SessionRecordStore;
  log: EventLog;
  /** The running agent, or null. */
  agent: () => AgentClient | null;
  /** Whether the session has ended, so that nobody is told any more. */
  isEnded: () => boolean;
  /** Called when the store says that the session was taken over. */
  onFenced: (cause: FencedError) => void;
  logger: EngineLogger;
}

/** What may change of a session while it lives: its configuration, and when it was last used. */
export class SessionSettings {
  readonly #options: SessionSettingsOptions;
  /** The last change of the configuration. The next one builds on it, so it waits. */
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
    this.tellAgent(
      (agent) => agent.setModel(model),
      () => (this.#config.model === model ? { model: before } : {}),
    );
  }

  async setPermissionMode(permissionMode: PermissionMode): Promise<void> {
    const { permissionMode: before } = this.#config;
    await this.#configure({ permissionMode });
    this.tellAgent(
      (agent) => agent.setPermissionMode(permissionMode),
      () => (this.#config.permissionMode === permissionMode ? { permissionMode: before } : {}),
    );
  }

  /**
   * What the agent refuses becomes an event, and is undone: the message itself was fine and is
   * accepted.
   */
  tellAgent(
    tell: (agent: AgentClient) => Promise<void>,
    undo: () => Partial<SessionConfig> = () => ({}),
  ): void {
    const { agent, isEnded, log } = this.#options;
    const client = agent();
    if (!client) return;
    tell(client).catch((error: unknown) => {
      if (isEnded()) return;
      this.#note(this.#configure(undo()));
      const message = error instanceof Error ? error.message : 'The agent refused this.';
      void log.append({ event: 'error', data: { code: 'agent_error', message } });
    });
  }

  /** A reply may change the mode for the session's rest; an agent that is woken later must know. */
  follow(message: InboundMessage): void {
    if (message.type !== 'permission_response' || message.behavior !== 'allow') return;
    const change = message.updated_permissions?.findLast((update) => update.type === 'setMode');
    if (change) this.#note(this.#configure({ permissionMode: change.mode }));
  }

  /** Notes that the session is used. */
  touch(): void {
    const { record, records } = this.#options;
    record.lastActivityAt = new Date();
    const { id, epoch, lastActivityAt } = record;
    this.#note(records.update(id, epoch, { lastActivityAt }));
  }

  #configure(change: Partial<SessionConfig>): Promise<void> {
    const configured = this.#configured.then(() => this.#save(change));
    this.#configured = configured.catch(() => undefined);
    return configured;
  }

  async #save(change: Partial<SessionConfig>): Promise<void> {
    const { record, records, onFenced } = this.#options;
    const config = { ...record.config, ...change };
    try {
      await records.update(record.id, record.epoch, { config });
    } catch (error) {
      if (error instanceof FencedError) onFenced(error);
      throw new StorageUnavailableError(error);
    }
    record.config = config;
  }

  /** Not awaited: what was accepted stays accepted, whatever becomes of the note that it was. */
  #note(updated: Promise<void>): void {
    const { record, isEnded, logger } = this.#options;
    updated.catch((error: unknown) => {
      if (isEnded()) return;
      logger.warn(`Session ${record.id}: its record was not updated: ${String(error)}`);
    });
  }
}
