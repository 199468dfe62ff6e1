import type { PermissionContext, SessionConfig } from '../../engine/agent-client.js';
import type {
  AgentDialog,
  AgentDialogResult,
  Elicitation,
  ElicitationResult,
  HookDecision,
  HookQuestion,
} from '../../engine/agent-asks.js';
import type { UserContent } from '../../protocol/events.js';

/**
 * The script of a scripted agent. It is called for each user message and plays one turn. The turn ends
 * when the script returns, and fails when it throws.
 *
 * Await each step. To run tools and sub-agents in parallel, use `Promise.all`.
 *
 * @example
 * const script: Script = async (turn) => {
 *   await turn.say(`You said: ${turn.input.text}`);
 *   const listing = await turn.useTool('Bash', { command: 'ls' }, { run: () => 'README.md' });
 *   await turn.say(listing.allowed ? 'There is one file.' : 'I did not list the files.');
 * };
 */
export type Script = (turn: ScriptedTurn) => Promise<void> | void;

/** A finished turn in the agent's memory. */
export interface PastTurn {
  /** The text of the user's message. */
  input: string;
  /** The texts of the agent, joined by line breaks. */
  output: string;
}

/** Options of `say`. */
export interface SayOptions {
  /** The delay before each chunk, in milliseconds. @default 0, which uses no timer */
  paceMs?: number;
}

/** Options of `useTool`. */
export interface ToolOptions<Input> {
  /**
   * True when the tool needs a permission. The permission mode then decides: `bypassPermissions`
   * allows the call without asking, `acceptEdits` does so for Edit, MultiEdit, Write and NotebookEdit,
   * `dontAsk` denies it without asking, and every other mode asks. A call of a durable tool asks in any mode.
   *
   * @default true
   */
  ask?: boolean;
  /** The delay before each piece of the input, in milliseconds. @default 0: two pieces, without a delay */
  paceMs?: number;
  /** Further fields of the permission request, besides the tool and its input. */
  context?: Omit<PermissionContext, 'signal' | 'toolUseID' | 'agentID'>;
  /**
   * Plays the tool after it was allowed. The returned value is the tool's output; if the function
   * throws, the call fails. A person may have edited the input, and the result is not validated.
   *
   * @default the method with `@AgentTool()` of this name, such as `mcp__app__find_order`; without one, an empty output
   */
  run?: (input: Input) => UserContent | Promise<UserContent>;
}

/** The outcome of a tool call. `output` is the text of the output, or the error message of a failed call. */
export type ToolOutcome<Input = Record<string, unknown>> =
  | { allowed: true; input: Input; output: string; isError: boolean }
  | { allowed: false; message: string };

/** One question of `ask`. */
export interface ScriptedQuestion {
  question: string;
  /** A short label of one or two words. @default 'Question' */
  header?: string;
  /** True when several options may be selected. @default false */
  multiSelect?: boolean;
  options: { label: string; description?: string }[];
}

/** The answers by the texts of their questions. */
export type Answers = Record<string, string>;

/**
 * The steps that make up one message of an agent. When the turn is interrupted, each step rejects
 * with an error named `AbortError`. Do not catch it: the agent then ends the turn like a real one.
 */
export interface ScriptedMessage {
  /** Writes a text. A string is streamed word by word, an array chunk by chunk. */
  say(text: string | readonly string[], options?: SayOptions): Promise<void>;
  /** Waits for the given number of milliseconds. */
  pause(durationMs: number): Promise<void>;
  /**
   * Calls a tool and asks for permission where the permission mode requires it. A denial that also
   * interrupts ends the turn, and with it the script.
   *
   * @example
   * const outcome = await turn.useTool(
   *   'Write',
   *   { file_path: '/tmp/a.txt', content: 'hello' },
   *   { run: (input) => `Wrote ${input.content.length} characters.` },
   * );
   */
  useTool<Input extends Record<string, unknown>>(
    name: string,
    input: Input,
    options?: ToolOptions<Input>,
  ): Promise<ToolOutcome<Input>>;
  /**
   * Asks the user with the tool `AskUserQuestion`, in every permission mode. Returns null when the
   * questions were declined.
   *
   * @example
   * const answers = await turn.ask([
   *   { question: 'Which color?', options: [{ label: 'Red' }, { label: 'Blue' }] },
   * ]);
   * await turn.say(answers?.['Which color?'] ?? 'No answer.');
   */
  ask(questions: readonly ScriptedQuestion[]): Promise<Answers | null>;
  /**
   * Delegates a task to a sub-agent, whose messages carry the id of this tool call. Returns the
   * sub-agent's report, which is its last text.
   *
   * @example
   * const report = await turn.subAgent('Count the files', async (sub) => {
   *   await sub.useTool('Glob', { pattern: '*' }, { ask: false, run: () => 'a.txt' });
   *   await sub.say('There is one file.');
   * });
   */
  subAgent(description: string, play: (sub: ScriptedAgent) => Promise<void>): Promise<string>;
}

/** An agent or sub-agent in a turn. Each step is a message of its own, unless `message` groups several. */
export interface ScriptedAgent extends ScriptedMessage {
  /**
   * Groups steps into one message of several blocks. Returns the result of the function.
   *
   * @example
   * await turn.message(async (message) => {
   *   await message.say('I read both files.');
   *   await Promise.all([
   *     message.useTool('Read', { file_path: 'a.txt' }),
   *     message.useTool('Read', { file_path: 'b.txt' }),
   *   ]);
   * });
   */
  message<T>(write: (message: ScriptedMessage) => Promise<T>): Promise<T>;
  /**
   * Asks the user as an MCP server does: to fill in a form, or to visit a page. Resolves to `cancel` when the
   * request was dismissed or has expired.
   *
   * @example
   * const reply = await turn.elicit({
   *   serverName: 'crm',
   *   message: 'Which customer?',
   *   requestedSchema: { type: 'object', properties: { name: { type: 'string' } } },
   * });
   * if (reply.action === 'accept') await turn.say(`Thank you, ${reply.content?.name}.`);
   */
  elicit(asked: Elicitation): Promise<ElicitationResult>;
  /**
   * Asks the user by a dialog, whatever its kind. Resolves to `cancelled` when it was dismissed or has expired.
   *
   * @example
   * const { behavior } = await turn.dialog({ dialogKind: 'terms', payload: { version: 3 } });
   */
  dialog(asked: AgentDialog): Promise<AgentDialogResult>;
  /**
   * Asks the user for a decision, as a hook of the host does that calls `peopleDecide`. A denial when there is none.
   *
   * @example
   * const { behavior } = await turn.decide({ event: 'PreToolUse', input: { tool_name: 'Bash' } });
   */
  decide(asked: HookQuestion): Promise<HookDecision>;
  /** Never resolves: the turn lasts until it is interrupted or its session is closed. */
  hang(): Promise<never>;
}

/** One turn: the user's message, and everything that the agent can do in response. */
export interface ScriptedTurn extends ScriptedAgent {
  readonly sessionId: string;
  /** The user's message. `text` is its text without images, with blocks joined by line breaks. */
  readonly input: { readonly text: string; readonly content: UserContent };
  /**
   * The messages that users have sent into this turn with the delivery `next_step`, oldest first. Each
   * tool of the agent itself, when it ends, receives those that have come.
   *
   * @example
   * for (const file of files) {
   *   await turn.useTool('Read', { file_path: file }, { ask: false });
   *   if (turn.messages.some(({ text }) => text === 'stop')) return;
   * }
   */
  readonly messages: readonly { readonly text: string; readonly content: UserContent }[];
  /** The number of the turn in its session, from 1. Turns before a resume are included. */
  readonly turnNumber: number;
  /** The last 100 turns before this one, oldest first. */
  readonly history: readonly PastTurn[];
  /** The configuration of the session at the start of the turn. Changes apply to the next turn. */
  readonly config: Readonly<SessionConfig>;
  /** Aborts when the turn is over, for example because it was interrupted. */
  readonly signal: AbortSignal;
  /**
   * Sets the `structured_output` of the turn's `result`, for a turn with `config.outputFormat`. The value is not
   * validated. It is left out of a turn that fails.
   */
  output(value: unknown): void;
  /** Adds to the cost of the session, in US dollars. A turn costs nothing by itself. */
  spend(costUsd: number): void;
  /** Ends the turn with a `result` of `error_during_execution` that has this message. */
  fail(message: string): never;
  /** Ends the agent as if its process had crashed: `messages` throws an error with this message. */
  crash(message: string): never;
}
