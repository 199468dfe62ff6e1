import { setImmediate } from 'node:timers/promises';
import type { Query, SessionStore } from '@anthropic-ai/claude-agent-sdk';
import type {
  AgentClient,
  AgentCommand,
  AgentInput,
  AgentModel,
  AgentStart,
  ContextUsage,
  EffortLevel,
  McpServerState,
  PermissionMode,
  SDKMessage,
  SubAgent,
} from '../../engine/agent-client.js';
import { AgentFailure, exitFailure, startFailure } from './agent-failure.js';
import { AgentProcess } from './agent-process.js';
import { AwaitedConversation, type TranscriptCall } from './awaited-entries.js';
import { AwaitedTurn } from './awaited-turn.js';
import { CallWatch } from './call-watch.js';
import { type ClaudeConfiguration, claudeOptions, type ClaudeOverrides } from './claude-options.js';
import { endMessages, isMissingConversation, loadSdk } from './claude-sdk.js';
import { agentClosed, ControlCalls } from './control-calls.js';
import { CostMeter } from './cost-meter.js';
import { createDeferred } from './deferred.js';
import { durableOptions } from './durable-options.js';
import { hostToolOptions } from './host-tools.js';
import { type Enclosure, openEnclosure } from './enclosure.js';
import { findConfigFolder, findLeftovers, findResumeFolder, removeLeftovers } from './leftovers.js';
import { MessageDelivery } from './message-delivery.js';
import { withoutReplaced } from './present-branch.js';
import { linkPlanFolder } from './plan-folder.js';
import { defaultEffort, defaultThinkingTokens } from './thinking.js';
import { ToolUseOrder } from './tool-use-order.js';
import { TranscriptWatch } from './transcript-watch.js';
import { TurnSteering } from './turn-steering.js';
import { UserTurns } from './user-turns.js';

/** How long a process may take to exit after it has closed its output. */
const EXIT_MS = 500;

/**
 * One agent, in at most two consecutive processes.
 *
 * It is *starting* until a process has answered the SDK's first request, then *ready*, then *ended*:
 * closed or failed. It resumes the conversation or begins it, as requested. When the conversation to
 * resume does not exist, or the one to begin already exists, the process reports that and exits before
 * any turn. The agent then starts a second time, the other way round. The first process is not
 * visible to the session: its `result` is dropped, and its message is sent again.
 *
 * An interrupt works from the moment of `send` on. See {@link UserTurns} for messages that a process has
 * received; one that it has not is withdrawn.
 */
export class ClaudeAgentClient implements AgentClient {
  readonly messages: AsyncIterable<SDKMessage>;
  readonly #start: AgentStart;
  readonly #configuration: ClaudeConfiguration;
  readonly #first: Promise<Query | undefined>;
  readonly #controls = new ControlCalls();
  readonly #delivery = new MessageDelivery(this.#controls);
  readonly #order = new ToolUseOrder();
  readonly #costs = new CostMeter();
  /** The watch over the calls of an agent with durable requests; null for one without. */
  readonly #calls: CallWatch | null;
  /** The turn of the call that the agent was started for; null without one. */
  readonly #awaited: AwaitedTurn | null;
  readonly #conversation: AwaitedConversation | null;
  /** The messages for its running turn; null without them. */
  readonly #steering: TurnSteering | null;
  /** Resolves when `close` is called. */
  readonly #closing = createDeferred<undefined>();
  /** Resolves when a process has sent a message that does not lead to a second start. */
  readonly #confirmed = createDeferred<undefined>();
  /** The options of the host, once they are known. */
  #overrides: ClaudeOverrides = {};
  #isClosing = false;
  #closed: Promise<void> | undefined;
  /** The current query, and its process once that is spawned. */
  #query: Query | undefined;
  #process: AgentProcess | undefined;
  #turns: UserTurns | undefined;
  #resumeFolder: string | null = null;
  /** The watch over the session store of the current process; undefined without a store. */
  #watch: TranscriptWatch | undefined;
  /** The surroundings of the current process, also before that is spawned; null without walls. */
  #enclosure: Enclosure | null = null;

  constructor(start: AgentStart, configuration: ClaudeConfiguration) {
    this.#start = start;
    this.#configuration = configuration;
    const { alwaysAsks, awaited, steering: steered, maxTurns } = start;
    this.#calls = alwaysAsks || awaited ? new CallWatch() : null;
    this.#conversation = awaited
      ? new AwaitedConversation(awaited, alwaysAsks ?? (() => false))
      : null;
    this.#awaited = this.#conversation && new AwaitedTurn(this.#conversation, this.#delivery);
    this.#steering = steered
      ? new TurnSteering({
          steered,
          delivery: this.#delivery,
          maxTurns,
          isBlocked: () => this.#awaited?.isBlocked ?? false,
        })
      : null;
    // Before its first message. A server that the host has removed meanwhile is not found.
    for (const name of start.disabledMcpServers ?? [])
      this.toggleMcpServer(name, false).catch(() => {});
    this.#first = this.#launch(start.resume);
    // A failed start is also reported by `messages`, which may be read later or not at all.
    this.#first.catch(() => {});
    this.messages = this.#read();
  }

  send(input: AgentInput): void {
    this.#delivery.send(input);
  }

  get unreportedUsd(): number {
    return this.#costs.unreportedUsd;
  }

  /** The configuration folder that the SDK created for a process that resumes from a store. */
  get folders(): readonly string[] {
    return this.#resumeFolder === null ? [] : [this.#resumeFolder];
  }

  async interrupt(): Promise<'withdrawn' | undefined> {
    if (this.#delivery.withdraw()) return 'withdrawn';
    // A process that is about to be replaced does not begin the message.
    await Promise.race([this.#confirmed.promise, this.#closing.promise]);
    return this.#controls.call(async (query) => {
      await this.#steering?.withdraw(query);
      // Without a message, the agent is in a turn of its own.
      return this.#turns?.interrupt(this.#delivery.messageId);
    }, 'The agent could not be interrupted. Try again.');
  }

  async setModel(model: string | null): Promise<void> {
    await this.#controls.call(
      (query) => query.setModel(model ?? undefined),
      `The agent rejected the model '${model}'.`,
    );
  }

  async setPermissionMode(mode: PermissionMode): Promise<void> {
    await this.#controls.call(
      (query) => query.setPermissionMode(mode),
      `The running agent rejected the permission mode '${mode}'.`,
    );
  }

  async setEffort(effort: EffortLevel | null): Promise<void> {
    const effortLevel = effort ?? defaultEffort(this.#overrides);
    await this.#controls.call(
      (query) => query.applyFlagSettings({ effortLevel }),
      `The agent rejected the effort '${effort}'.`,
    );
  }

  async setMaxThinkingTokens(tokens: number | null): Promise<void> {
    await this.#controls.call(
      (query) => query.setMaxThinkingTokens(tokens ?? defaultThinkingTokens(this.#overrides)),
      `The agent rejected the thinking budget of ${tokens} tokens.`,
    );
  }

  async stopTask(taskId: string): Promise<void> {
    await this.#controls.call(
      (query) => query.stopTask(taskId),
      `The agent could not stop the task '${taskId}'.`,
    );
  }

  async mcpServers(): Promise<McpServerState[]> {
    const servers = await this.#controls.ask((query) => query.mcpServerStatus());
    // Their configuration contains addresses, commands and keys.
    return servers.map(({ name, status }) => ({ name, status }));
  }

  /** Messages do not wait for it: it can take as long as the server does. */
  reconnectMcpServer(name: string): Promise<void> {
    return this.#controls.ask((query) =>
      query.reconnectMcpServer(name).catch((cause: unknown) => {
        throw new AgentFailure(`The MCP server '${name}' could not be connected.`, { cause });
      }),
    );
  }

  async toggleMcpServer(name: string, enabled: boolean): Promise<void> {
    await this.#controls.call(
      (query) => query.toggleMcpServer(name, enabled),
      `The MCP server '${name}' could not be ${enabled ? 'enabled' : 'disabled'}.`,
    );
  }

  supportedModels(): Promise<AgentModel[]> {
    return this.#controls.ask((query) => query.supportedModels());
  }

  supportedCommands(): Promise<AgentCommand[]> {
    return this.#controls.ask((query) => query.supportedCommands());
  }

  supportedAgents(): Promise<SubAgent[]> {
    return this.#controls.ask((query) => query.supportedAgents());
  }

  contextUsage(): Promise<ContextUsage> {
    // In full, each category would be counted by a request to the API.
    return this.#controls.ask((query) => query.getContextUsage({ detail: 'summary' }));
  }

  /** With {@link AgentStart.alwaysAsks} only. */
  get isWaiting(): boolean {
    return this.#calls?.isWaiting ?? false;
  }

  get unasked(): TranscriptCall | null {
    return this.#conversation?.unasked ?? null;
  }

  park(): Promise<void> {
    // A process whose input ends refuses its open requests, and goes on without them.
    this.#closed ??= this.#shutDown((process) => process.kill());
    return this.#closed;
  }

  close(graceMs: number): Promise<void> {
    this.#closed ??= this.#shutDown((process) => process.close(graceMs));
    return this.#closed;
  }

  async #shutDown(end: (process: AgentProcess) => Promise<void>): Promise<void> {
    this.#isClosing = true;
    this.#closing.resolve(undefined);
    this.#controls.close();
    if (this.#process === undefined) this.#delivery.end();
    // Not with the SDK's close, which drops the remaining messages and has a grace period of its own.
    if (this.#process === undefined) this.#query?.close();
    else await end(this.#process);
    this.#delivery.end();
    await this.#enclosure?.close();
  }

  async *#read(): AsyncGenerator<SDKMessage> {
    try {
      const mustRestart = yield* this.#readProcess(await this.#first, true);
      if (mustRestart)
        yield* this.#readProcess(await this.#launch(!this.#start.resume, true), false);
    } catch (error) {
      if (this.#isClosing) return;
      await this.#process?.close(0);
      const failure = startFailure(error);
      this.#confirmed.resolve(undefined);
      this.#controls.fail(failure);
      throw failure;
    } finally {
      // A query that has failed may have spawned no process.
      await this.#enclosure?.close();
    }
  }

  /** Reads one process to its end. Returns true when the agent must start again, the other way round. */
  async *#readProcess(
    query: Query | undefined,
    isFirst: boolean,
  ): AsyncGenerator<SDKMessage, boolean> {
    if (query === undefined) return false;
    const { cwd, resume } = this.#start;
    let isMissing = false;
    let thrown: unknown;
    try {
      for await (const message of query) {
        if (isFirst && resume && isMissingConversation(message)) {
          if (this.#awaited)
            throw new AgentFailure('The conversation of the answered call is gone.');
          isMissing = true;
          continue;
        }
        this.#confirmed.resolve(undefined);
        yield* this.#conversation?.takeLost() ?? [];
        this.#costs.observe(message, query);
        this.#process?.addConversation(message.session_id);
        if (this.#steering?.observe(message)) continue;
        if (this.#turns?.observe(message) === false) continue;
        if (this.#watch?.isNoNews(message)) continue;
        this.#calls?.observe(message);
        const step = await this.#awaited?.observe(message, query);
        if (step === 'drop') continue;
        if (step === 'end') {
          await this.#process?.kill();
          return false;
        }
        if (message.type === 'result') await this.#steering?.endTurn(message, query);
        yield* this.#holdingBack(message);
        this.#order.observe(message);
        const loss = await this.#watch?.observe(message);
        if (loss) yield loss;
      }
    } catch (error) {
      thrown = error;
    }
    this.#delivery.end();
    const ended = this.#process;
    if (ended === undefined) {
      if (thrown !== undefined) throw thrown;
      return false;
    }
    await ended.close(EXIT_MS);
    const { stderr, fault, program } = ended;
    const isInUse = isFirst && !resume && stderr.includes('is already in use');
    if (isMissing || isInUse) return true;
    const { walls } = this.#start;
    throw await exitFailure(await ended.gone, { cwd, stderr, fault, thrown, walls, program });
  }

  /**
   * Pauses the output of the process until the reader asks for the next message. Without that, the
   * SDK would buffer all of it in memory, however slow the reader is.
   */
  *#holdingBack(message: SDKMessage): Generator<SDKMessage> {
    const stdout = this.#process?.pipes.stdout;
    stdout?.pause();
    try {
      yield message;
    } finally {
      stdout?.resume();
    }
  }

  /** Resolves to undefined when the agent was closed before. No process is spawned after that. */
  async #launch(resume: boolean, isSecond = false): Promise<Query | undefined> {
    this.#process = undefined;
    const loaded = await Promise.race([this.#load(), this.#closing.promise]);
    if (loaded === undefined || this.#isClosing) return undefined;
    const { createQuery } = loaded;
    const enclosure = await openEnclosure(this.#start, loaded.overrides, resume);
    this.#enclosure = enclosure;
    if (this.#isClosing) {
      await enclosure?.close();
      return undefined;
    }
    const overrides = enclosure?.overrides ?? loaded.overrides;
    this.#overrides = overrides;
    const { sessionId, conversationId, startTimeoutMs } = this.#start;
    const ordered = this.#order.delay(this.#start.canUseTool);
    const calls = overrides.pathToClaudeCodeExecutable === undefined ? this.#calls : null;
    const steering = overrides.pathToClaudeCodeExecutable === undefined ? this.#steering : null;
    const start = {
      ...this.#start,
      ...(resume && this.#rememberedTranscripts),
      canUseTool: calls?.watch(ordered) ?? ordered,
    };
    const options = claudeOptions(start, overrides);
    const { sessionStore, env = process.env } = options;
    const configFolder = enclosure ? this.#start.folders?.home : findConfigFolder(env);
    const stored = sessionStore ? [sessionId, conversationId] : null;
    // A file of a conversation that the store does not have is of an agent that was cut off: its server may be frozen.
    if (isSecond && !resume && stored)
      await removeLeftovers(findLeftovers(env, enclosure ? null : stored));
    const watch = sessionStore && new TranscriptWatch(sessionStore);
    this.#watch = watch;
    const query: Query = createQuery({
      prompt: this.#delivery.begin(),
      options: {
        ...options,
        ...(watch && { sessionStore: this.#storeFor(watch, calls) }),
        ...(steering && { hooks: steering.hooks(options.hooks) }),
        ...(calls &&
          durableOptions(
            this.#start,
            calls,
            () => this.#awaited?.isBlocked ?? false,
            steering?.hooks(options.hooks) ?? options.hooks,
          )),
        ...(resume ? { resume: conversationId } : { sessionId: conversationId }),
        spawnClaudeCodeProcess: (command) => {
          // With a session store, the SDK reads that first and spawns later.
          if (this.#isClosing) throw agentClosed();
          linkPlanFolder(command.env, configFolder);
          this.#resumeFolder = findResumeFolder(command.env);
          const spawned = new AgentProcess(command, {
            stored,
            enclosure,
            onStderr: overrides.stderr,
          });
          this.#process = spawned;
          if (startTimeoutMs !== undefined) spawned.limitStart(startTimeoutMs);
          void spawned.gone.then(() => endMessages(query, spawned));
          return spawned.pipes;
        },
      },
    });
    this.#query = query;
    this.#turns = new UserTurns(query);
    query.initializationResult().then(
      () => this.#open(query),
      // The messages of the query report the failure, after which there may be another query.
      () => {},
    );
    return query;
  }

  /** The transcripts, without what the agent has forgotten. */
  get #rememberedTranscripts(): Pick<AgentStart, 'transcripts'> {
    const { transcripts, conversationId, rewindTo } = this.#start;
    if (!transcripts || rewindTo === undefined) return {};
    return { transcripts: withoutReplaced(transcripts, conversationId, rewindTo) };
  }

  #storeFor({ store }: TranscriptWatch, calls: CallWatch | null): SessionStore {
    const steered = this.#steering?.watchStore(store) ?? store;
    const watched = calls?.watchStore(steered) ?? steered;
    return this.#conversation?.watchStore(watched) ?? watched;
  }

  #open(query: Query): void {
    this.#process?.endStart();
    this.#controls.open(query);
    this.#costs.start(query);
  }

  async #load() {
    // Spawning blocks the event loop for a while: the request that needs the agent is answered first.
    await setImmediate();
    const configuration = this.#configuration;
    const given =
      typeof configuration === 'function' ? await configuration(this.#start) : configuration;
    const createQuery = await loadSdk();
    const { hostTools } = this.#start;
    const added = hostTools && (await hostToolOptions(hostTools, given));
    return { overrides: { ...given, ...added }, createQuery };
  }
}
