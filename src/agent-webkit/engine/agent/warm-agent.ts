import { isDeepStrictEqual } from 'node:util';
import type { SessionKey, SessionStore } from '@anthropic-ai/claude-agent-sdk';
import type {
  AgentClient,
  AgentStart,
  SDKMessage,
  SdkFactory,
  SessionConfig,
} from '../agent-client.js';
import type { SlotHolder } from './agent-slots.js';

/** An agent that runs before its session does: what it asks of that waits until there is one. */
export class WarmAgent implements SlotHolder {
  readonly sessionId: string;
  readonly idleSince = performance.now();
  readonly #config: SessionConfig;
  readonly #client: AgentClient;
  readonly #messages: AsyncIterator<SDKMessage>;
  /** What it says first, or how it ends before it says anything. */
  readonly #first: Promise<IteratorResult<SDKMessage>>;
  readonly #onEnd: (cause: unknown) => void;
  #isBound = false;
  #bind!: (start: AgentStart) => void;

  /** @param onEnd called when it ends though nobody claimed it */
  constructor(
    sessionId: string,
    config: SessionConfig,
    { sdkFactory, hasTranscripts }: { sdkFactory: SdkFactory; hasTranscripts: boolean },
    onEnd: (cause: unknown) => void,
  ) {
    this.sessionId = sessionId;
    this.#config = config;
    this.#onEnd = onEnd;
    const bound = new Promise<AgentStart>((resolve) => {
      this.#bind = resolve;
    });
    this.#client = sdkFactory({
      ...config,
      sessionId,
      owner: null,
      resume: false,
      canUseTool: async (...asked) => (await bound).canUseTool(...asked),
      ...(hasTranscripts && { transcripts: transcriptsOf(bound) }),
    });
    this.#messages = this.#client.messages[Symbol.asyncIterator]();
    this.#first = this.#messages.next();
    this.#first.then(
      ({ done }) => done && this.#lose(null),
      (cause) => this.#lose(cause),
    );
  }

  /** Whether it can become the agent of a session of this configuration. */
  fits(config: SessionConfig): boolean {
    // This mode an agent can only be started in.
    if (config.permissionMode === 'bypassPermissions') return false;
    const { model, permissionMode } = this.#config;
    return isDeepStrictEqual({ ...config, model, permissionMode }, this.#config);
  }

  /** Makes it a session's agent. */
  bind(start: AgentStart): AgentClient {
    this.#isBound = true;
    this.#bind(start);
    const client = this.#client;
    // Refused by an agent that has ended, which its messages tell.
    if (start.model !== this.#config.model) client.setModel(start.model).catch(() => undefined);
    if (start.permissionMode !== this.#config.permissionMode) {
      client.setPermissionMode(start.permissionMode).catch(() => undefined);
    }
    return {
      messages: this.#readAll(),
      send: (input) => client.send(input),
      interrupt: () => client.interrupt(),
      setModel: (model) => client.setModel(model),
      setPermissionMode: (mode) => client.setPermissionMode(mode),
      stopTask: (taskId) => client.stopTask(taskId),
      close: (graceMs) => client.close(graceMs),
    };
  }

  /** Ends it for one that needs its slot. */
  async sleep(): Promise<void> {
    this.#onEnd(null);
    await this.close(0);
  }

  close(graceMs: number): Promise<void> {
    return this.#client.close(graceMs);
  }

  #lose(cause: unknown): void {
    if (this.#isBound) return;
    // Its process may be gone while what it had started is not.
    void this.close(0);
    this.#onEnd(cause);
  }

  async *#readAll(): AsyncGenerator<SDKMessage> {
    for (let next = await this.#first; !next.done; next = await this.#messages.next()) {
      yield next.value;
    }
  }
}

function transcriptsOf(bound: Promise<AgentStart>): SessionStore {
  return {
    append: async (key, entries) => (await bound).transcripts?.append(key, entries),
    load: async (key) => (await (await bound).transcripts?.load(key)) ?? null,
    listSubkeys: async (key: Pick<SessionKey, 'projectKey' | 'sessionId'>) =>
      (await (await bound).transcripts?.listSubkeys?.(key)) ?? [],
  };
}
