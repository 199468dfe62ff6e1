import type {
  AgentClient,
  AgentInput,
  AgentStart,
  PermissionMode,
  SdkFactory,
  SDKMessage,
  SessionConfig,
} from '../../engine/agent-client.js';
import { MessageStream } from './message-stream.js';
import type { Script, ScriptedTurn } from './script.js';
import { type Ending, textOf } from './sdk-message.js';
import { SessionMemories, type SessionMemory } from './session-memory.js';
import { ScriptedAgentError, Turn } from './turn.js';
import { Voice } from './voice.js';

/**
 * Makes agents that play a script: no process, no network, no credentials. For tests of what stands
 * around an agent, and for demos.
 *
 * What a session said before is remembered by its id for as long as the factory lives, for up to
 * 1000 sessions. A session resumed without such a memory, as after a restart of the server, begins
 * with an empty one.
 *
 * @example
 * const createAgent = scriptedSdkFactory(async (turn) => {
 *   const outcome = await turn.useTool('Bash', { command: 'ls' }, { run: () => 'README.md' });
 *   await turn.say(outcome.allowed ? `I see ${outcome.output}.` : 'As you wish.');
 * });
 * const app = await Test.createTestingModule({ imports: [AppModule] })
 *   .overrideProvider(SDK_FACTORY)
 *   .useValue(createAgent)
 *   .compile();
 */
export function scriptedSdkFactory(script: Script): SdkFactory {
  const memories = new SessionMemories();
  return (start) =>
    new ScriptedAgentClient(script, start, memories.open(start.sessionId, start.resume));
}

class ScriptedAgentClient implements AgentClient {
  readonly #script: Script;
  readonly #start: AgentStart;
  readonly #memory: SessionMemory;
  readonly #stream = new MessageStream();
  #config: SessionConfig;
  /** The turn that runs; null between turns. */
  #turn: Turn | null = null;
  #isClosed = false;

  constructor(script: Script, start: AgentStart, memory: SessionMemory) {
    const { model, permissionMode, cwd, includePartialMessages } = start;
    this.#script = script;
    this.#start = start;
    this.#memory = memory;
    this.#config = { model, permissionMode, cwd, includePartialMessages };
  }

  get messages(): AsyncIterable<SDKMessage> {
    return this.#stream;
  }

  send({ content }: AgentInput): void {
    if (this.#isClosed) return;
    if (this.#turn !== null) {
      throw new ScriptedAgentError('A message was sent while a turn is running. Await its result.');
    }
    const input = { text: textOf(content), content };
    const turn = new Turn({
      sessionId: this.#start.sessionId,
      config: this.#config,
      stream: this.#stream,
      canUseTool: this.#start.canUseTool,
      memory: this.#memory,
      inputText: input.text,
      onEnd: (ending) => this.#end(ending),
    });
    this.#turn = turn;
    const scriptedTurn = new MainVoice(turn, this.#start.sessionId, this.#memory, input);
    void turn.play(() => this.#script(scriptedTurn));
  }

  async interrupt(): Promise<void> {
    this.#turn?.end({ kind: 'interrupted' });
  }

  async setModel(model: string | null): Promise<void> {
    this.#config = { ...this.#config, model };
  }

  async setPermissionMode(permissionMode: PermissionMode): Promise<void> {
    this.#config = { ...this.#config, permissionMode };
  }

  /** A script starts no task that outlives its step, so there is nothing to stop. */
  async stopTask(): Promise<void> {}

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#turn?.end({ kind: 'closed' });
    this.#stream.end();
  }

  #end(ending: Ending): void {
    this.#turn = null;
    if (ending.kind !== 'crashed') return;
    this.#isClosed = true;
    this.#stream.end(new ScriptedAgentError(ending.message));
  }
}

/** The agent's own voice, with what only its turn can tell and do. */
class MainVoice extends Voice implements ScriptedTurn {
  readonly turnNumber: number;
  readonly history: ScriptedTurn['history'];
  readonly #turn: Turn;
  readonly #memory: SessionMemory;

  constructor(
    turn: Turn,
    readonly sessionId: string,
    memory: SessionMemory,
    readonly input: ScriptedTurn['input'],
  ) {
    super(turn, turn.origin(null));
    this.turnNumber = memory.turnCount + 1;
    this.history = memory.history;
    this.#turn = turn;
    this.#memory = memory;
  }

  get config(): SessionConfig {
    return this.#turn.config;
  }

  get signal(): AbortSignal {
    return this.#turn.signal;
  }

  spend(costUsd: number): void {
    if (!this.signal.aborted) this.#memory.costUsd += costUsd;
  }

  fail(message: string): never {
    return this.#turn.stop({ kind: 'failed', message });
  }

  crash(message: string): never {
    return this.#turn.stop({ kind: 'crashed', message });
  }
}
