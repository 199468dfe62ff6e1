import type {
  AgentClient,
  AgentCommand,
  AgentInput,
  AgentModel,
  AgentStart,
  AwaitedCall,
  CanUseTool,
  ContextUsage,
  EffortLevel,
  McpServerState,
  PermissionMode,
  PermissionResult,
  SdkFactory,
  SDKMessage,
  SessionConfig,
  SubAgent,
  StoredConversation,
} from '../../engine/agent-client.js';
import { sumUsd } from '../../engine/sum-usd.js';
import { findMessages, hasTurn, Journal, type RecordedTurn } from './journal.js';
import { MessageStream } from './message-stream.js';
import type { Script, ScriptedTurn } from './script.js';
import { COMMANDS, contextOf, MODELS, SUB_AGENTS } from './scripted-offers.js';
import { type Ending, modeMessage, textOf } from './sdk-message.js';
import { SessionMemories, type SessionMemory } from './session-memory.js';
import { errorMessage, ScriptedAgentError, Turn } from './turn.js';
import { Voice } from './voice.js';

/**
 * Creates a factory of agents that play a script. They need no process, no network and no credentials.
 * Use them for tests and demos.
 *
 * The factory remembers the turns of up to 1000 sessions by their ids. A session that is resumed
 * without a memory, for example after a restart of the server, starts with an empty one.
 *
 * @example
 * const createAgent = scriptedSdkFactory(async (turn) => {
 *   const outcome = await turn.useTool('Bash', { command: 'ls' }, { run: () => 'README.md' });
 *   await turn.say(outcome.allowed ? `I see ${outcome.output}.` : 'I did not list the files.');
 * });
 * const app = await Test.createTestingModule({ imports: [AppModule] })
 *   .overrideProvider(SDK_FACTORY)
 *   .useValue(createAgent)
 *   .compile();
 */
export function scriptedSdkFactory(script: Script): SdkFactory {
  const memories = new SessionMemories();
  return Object.assign(
    (start: AgentStart) =>
      new ScriptedAgentClient(script, start, memories.open(start.sessionId, start.resume)),
    // They run no command.
    {
      usesWalls: false,
      findMessages,
      hasTurn: async (conversation: StoredConversation, messageId: string, rewindTo?: string) =>
        memories.has(conversation.sessionId, messageId, rewindTo) ||
        hasTurn(conversation, messageId, rewindTo),
    },
  );
}

/** For an agent that a test starts without people. */
const refuse = () => Promise.reject(new ScriptedAgentError('This agent cannot ask people.'));

class ScriptedAgentClient implements AgentClient {
  readonly #script: Script;
  readonly #start: AgentStart;
  readonly #memory: SessionMemory;
  readonly #stream = new MessageStream();
  /** The transcript, with durable requests only; else null. */
  readonly #journal: Journal | null;
  /** Resolves when the memory is that of the journal. */
  readonly #ready: Promise<void>;
  #config: SessionConfig;
  /** The running turn; null between turns. */
  #turn: Turn | null = null;
  #isClosed = false;

  constructor(script: Script, start: AgentStart, memory: SessionMemory) {
    const { model, permissionMode, cwd, includePartialMessages } = start;
    const { effort = null, maxThinkingTokens = null, outputFormat } = start;
    this.#script = script;
    this.#start = start;
    this.#memory = memory;
    this.#config = {
      model,
      permissionMode,
      effort,
      maxThinkingTokens,
      cwd,
      includePartialMessages,
      ...(outputFormat && { outputFormat }),
    };
    const { transcripts, alwaysAsks, resume, sessionId, awaited, rewindTo } = start;
    this.#journal = alwaysAsks && transcripts ? new Journal(transcripts, sessionId, resume) : null;
    this.#ready = resume && this.#journal ? this.#restore(this.#journal) : Promise.resolve();
    if (resume && rewindTo !== undefined) memory.rewindTo(rewindTo);
    if (awaited) void this.#repeat(awaited);
  }

  get messages(): AsyncIterable<SDKMessage> {
    return this.#stream;
  }

  send({ messageId, content }: AgentInput): void {
    if (this.#isClosed) return;
    if (this.#turn !== null) {
      throw new ScriptedAgentError(
        'A message was sent while a turn is running. Wait for the `result` of the turn.',
      );
    }
    const input = { text: textOf(content), content };
    if (this.#journal === null) this.#play({ messageId, input, calls: [], messages: [] });
    else void this.#record(this.#journal, input, messageId);
  }

  async #record(journal: Journal, input: RecordedTurn['input'], messageId: string): Promise<void> {
    try {
      await this.#ready;
      await journal.begin(input, messageId);
      this.#play({ messageId, input, calls: [], messages: [] });
    } catch (error) {
      this.#fail(errorMessage(error));
    }
  }

  async #restore(journal: Journal): Promise<void> {
    const { turns, costUsd } = await journal.past();
    this.#memory.restore(turns, costUsd);
    const { rewindTo } = this.#start;
    if (rewindTo === undefined || !this.#memory.has(rewindTo)) return;
    this.#memory.rewindTo(rewindTo);
    await journal.rewindTo(rewindTo);
  }

  /** Plays the turn of an earlier agent again, whose call was answered. */
  async #repeat(awaited: AwaitedCall): Promise<void> {
    try {
      await this.#ready;
      const recorded = await this.#journal?.lastTurn(awaited);
      if (recorded) this.#play(recorded);
      else this.#fail('The call that was answered is not in the conversation any more.');
    } catch (error) {
      this.#fail(errorMessage(error));
    }
  }

  #fail(message: string): void {
    this.#isClosed = true;
    this.#stream.end(new ScriptedAgentError(message));
  }

  #play({ messageId, input, calls, messages }: RecordedTurn): void {
    if (this.#isClosed) return;
    const turn = new Turn({
      sessionId: this.#start.sessionId,
      config: this.#config,
      stream: this.#stream,
      canUseTool: (...asked) => this.#ask(asked),
      askPeople: this.#start.askPeople ?? refuse,
      memory: this.#memory,
      messageId,
      inputText: input.text,
      journal: this.#journal,
      recorded: calls,
      recordedMessages: messages,
      ...(this.#start.steering && { steering: this.#start.steering }),
      alwaysAsks: this.#start.alwaysAsks ?? (() => false),
      hostTools: this.#start.hostTools?.tools ?? [],
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

  async setEffort(effort: EffortLevel | null): Promise<void> {
    this.#config = { ...this.#config, effort };
  }

  async setMaxThinkingTokens(maxThinkingTokens: number | null): Promise<void> {
    this.#config = { ...this.#config, maxThinkingTokens };
  }

  /** Does nothing: no task of a script outlives its step. */
  async stopTask(): Promise<void> {}

  async mcpServers(): Promise<readonly McpServerState[]> {
    return [];
  }

  async supportedModels(): Promise<readonly AgentModel[]> {
    return MODELS;
  }

  async supportedCommands(): Promise<readonly AgentCommand[]> {
    return COMMANDS;
  }

  async supportedAgents(): Promise<readonly SubAgent[]> {
    return SUB_AGENTS;
  }

  async contextUsage(): Promise<ContextUsage> {
    return contextOf(this.#config.model, this.#memory.history);
  }

  get isWaiting(): boolean {
    return this.#turn?.isWaiting ?? false;
  }

  async park(): Promise<void> {
    this.#isClosed = true;
    this.#turn?.end({ kind: 'parked' });
    this.#stream.end();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#turn?.end({ kind: 'closed' });
    this.#stream.end();
  }

  /** Asks for a permission, and changes the mode if the reply says so. It applies from the next turn on. */
  async #ask(asked: Parameters<CanUseTool>): Promise<PermissionResult> {
    const result = await this.#start.canUseTool(...asked);
    const updates = result.behavior === 'allow' ? result.updatedPermissions : undefined;
    const mode = updates?.findLast((update) => update.type === 'setMode')?.mode;
    if (mode !== undefined) {
      this.#config = { ...this.#config, permissionMode: mode };
      this.#stream.write(modeMessage(this.#start.sessionId, mode));
    }
    return result;
  }

  #end(ending: Ending): void {
    this.#turn = null;
    if (ending.kind !== 'crashed') return;
    this.#isClosed = true;
    this.#stream.end(new ScriptedAgentError(ending.message));
  }
}

/** The voice of the agent itself, with the members that a sub-agent does not have. */
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

  get messages(): ScriptedTurn['messages'] {
    return this.#turn.messages;
  }

  get config(): SessionConfig {
    return this.#turn.config;
  }

  get signal(): AbortSignal {
    return this.#turn.signal;
  }

  output(value: unknown): void {
    this.#turn.output = value;
  }

  spend(costUsd: number): void {
    if (!this.signal.aborted) this.#memory.costUsd = sumUsd(this.#memory.costUsd, costUsd);
  }

  fail(message: string): never {
    return this.#turn.stop({ kind: 'failed', message });
  }

  crash(message: string): never {
    return this.#turn.stop({ kind: 'crashed', message });
  }
}
