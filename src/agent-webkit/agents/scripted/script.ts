import type { PermissionContext, SessionConfig } from '../../engine/agent-client.js';
import type { UserContent } from '../../protocol/events.js';

/**
 * A dialogue written in TypeScript: called once for each user message, it plays one turn. The turn
 * ends when it returns; an error it throws is the turn's failure.
 *
 * Await each step. Tools and sub-agents may also run side by side, by `Promise.all`.
 *
 * @example
 * const script: Script = async (turn) => {
 *   await turn.say(`You said: ${turn.input.text}`);
 *   const listing = await turn.useTool('Bash', { command: 'ls' }, { run: () => 'README.md' });
 *   await turn.say(listing.allowed ? 'There is one file.' : 'Then I do not look.');
 * };
 */
export type Script = (turn: ScriptedTurn) => Promise<void> | void;

/** A turn that is over, as the agent remembers it. */
export interface PastTurn {
  /** What the user wrote. */
  input: string;
  /** What the agent said, its messages joined by line breaks. */
  output: string;
}

/** How `say` streams its text. */
export interface SayOptions {
  /** The time before each chunk, in milliseconds. @default 0, which uses no timer */
  paceMs?: number;
}

/** How a tool call goes. */
export interface ToolOptions<Input> {
  /**
   * Whether the tool needs a permission. What then happens is the permission mode's matter:
   * `bypassPermissions` allows without asking, `acceptEdits` does so for Edit, MultiEdit, Write and
   * NotebookEdit, `dontAsk` denies without asking, and every other mode asks.
   *
   * @default true
   */
  ask?: boolean;
  /** What the permission request says beside the tool and its input. */
  context?: Omit<PermissionContext, 'signal' | 'toolUseID' | 'agentID'>;
  /**
   * Plays the tool once it is allowed: what it returns is the tool's output, and an error it throws
   * makes the call a failed one. The input is the one a person may have edited; nothing checks it.
   *
   * @default an empty output
   */
  run?: (input: Input) => UserContent | Promise<UserContent>;
}

/** What became of a tool call. `output` is its text alone; of a failed call, the error's message. */
export type ToolOutcome<Input = Record<string, unknown>> =
  | { allowed: true; input: Input; output: string; isError: boolean }
  | { allowed: false; message: string };

/** One question of `ask`. */
export interface ScriptedQuestion {
  question: string;
  /** A label of a word or two. @default 'Question' */
  header?: string;
  /** Whether several options may be chosen. @default false */
  multiSelect?: boolean;
  options: { label: string; description?: string }[];
}

/** The answer to each question, by the question's text. */
export type Answers = Record<string, string>;

/**
 * What one message of an agent is made of. Each step rejects with an error named `AbortError` once
 * the turn is interrupted; let it pass, the agent ends the turn as a real one does.
 */
export interface ScriptedMessage {
  /** Says a text: a string streams word by word, an array chunk by chunk. */
  say(text: string | readonly string[], options?: SayOptions): Promise<void>;
  /** Does nothing for so many milliseconds, as if thinking. */
  pause(durationMs: number): Promise<void>;
  /**
   * Calls a tool, asking for permission where the mode wants it. A denial that also interrupts ends
   * the turn, so that the script does not go on.
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
   * Asks a person by `AskUserQuestion`, in every permission mode. Returns null when the question
   * was declined.
   *
   * @example
   * const answers = await turn.ask([
   *   { question: 'Which color?', options: [{ label: 'Red' }, { label: 'Blue' }] },
   * ]);
   * await turn.say(answers?.['Which color?'] ?? 'No color, then.');
   */
  ask(questions: readonly ScriptedQuestion[]): Promise<Answers | null>;
  /**
   * Hands a task to a sub-agent, whose messages carry the id of this tool call. Returns its report:
   * what it said last.
   *
   * @example
   * const report = await turn.subAgent('Count the files', async (sub) => {
   *   await sub.useTool('Glob', { pattern: '*' }, { ask: false, run: () => 'a.txt' });
   *   await sub.say('There is one file.');
   * });
   */
  subAgent(description: string, play: (sub: ScriptedAgent) => Promise<void>): Promise<string>;
}

/** An agent at work: each step is a message of its own, unless `message` groups several. */
export interface ScriptedAgent extends ScriptedMessage {
  /**
   * Groups steps into one message of several blocks. Returns what the function returns.
   *
   * @example
   * await turn.message(async (message) => {
   *   await message.say('I look at both.');
   *   await Promise.all([
   *     message.useTool('Read', { file_path: 'a.txt' }),
   *     message.useTool('Read', { file_path: 'b.txt' }),
   *   ]);
   * });
   */
  message<T>(write: (message: ScriptedMessage) => Promise<T>): Promise<T>;
  /** Never ends by itself: the turn goes on until it is interrupted or its session closed. */
  hang(): Promise<never>;
}

/** One turn as its script sees it: what was asked, and everything the agent can do about it. */
export interface ScriptedTurn extends ScriptedAgent {
  readonly sessionId: string;
  /** The user's message. `text` is its text alone, blocks joined by line breaks. */
  readonly input: { readonly text: string; readonly content: UserContent };
  /** 1 in a session's first turn. Turns before a resume count. */
  readonly turnNumber: number;
  /** The turns before this one, oldest first; the last 100 of them. */
  readonly history: readonly PastTurn[];
  /** The session's configuration when the turn began; changes show in the next turn. */
  readonly config: Readonly<SessionConfig>;
  /** Aborts when the turn is over, above all when it is interrupted. */
  readonly signal: AbortSignal;
  /** Adds so many US dollars to what the session has cost. A turn costs nothing by itself. */
  spend(costUsd: number): void;
  /** Ends the turn as failed: a `result` of `error_during_execution` with this message. */
  fail(message: string): never;
  /** Ends the agent as if its process had died: `messages` throws an error with this message. */
  crash(message: string): never;
}
