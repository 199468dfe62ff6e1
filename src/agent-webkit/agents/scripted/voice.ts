import type { PermissionResult } from '../../engine/agent-client.js';
import type { UserContent } from '../../protocol/events.js';
import { MessageWriter } from './message-writer.js';
import type {
  Answers,
  SayOptions,
  ScriptedAgent,
  ScriptedMessage,
  ScriptedQuestion,
  ToolOptions,
  ToolOutcome,
} from './script.js';
import {
  createId,
  type Origin,
  textOf,
  toolResultMessage,
  userTextMessage,
} from './sdk-message.js';
import { ScriptedAgentError, sentence, type Turn } from './turn.js';

/** What the real agent tells the model about a tool call that was cut off. */
const REJECTED =
  "The user doesn't want to proceed with this tool use. The tool use was rejected. " +
  'STOP what you are doing and wait for the user to tell you how to proceed.';

const EDITING_TOOLS = new Set(['Edit', 'MultiEdit', 'NotebookEdit', 'Write']);

/** What is decided about before a tool runs. */
interface Request {
  name: string;
  input: Record<string, unknown>;
  /** How it is decided whether the tool may run. */
  rule: 'ask' | 'allow' | 'deny';
  context?: ToolOptions<unknown>['context'];
}

/** A tool call on its way. */
interface Call<Input> extends Request {
  input: Input & Record<string, unknown>;
  run: (input: Input, toolUseId: string) => UserContent | Promise<UserContent>;
}

/**
 * Someone who speaks in a turn: the agent, or one of its sub-agents. Each step writes a message of
 * its own, unless the voice was given one to write into.
 *
 * Invariant: of one voice, at most one message is being written at a time, since stream events do
 * not say which message they belong to.
 */
export class Voice implements ScriptedAgent {
  readonly #turn: Turn;
  readonly #origin: Origin;
  readonly #agentId: string | null;
  /** The message that this voice writes into; null when each step makes its own. */
  readonly #grouped: MessageWriter | null;
  #isWriting = false;
  #lastText = '';

  constructor(
    turn: Turn,
    origin: Origin,
    agentId: string | null = null,
    grouped: MessageWriter | null = null,
  ) {
    this.#turn = turn;
    this.#origin = origin;
    this.#agentId = agentId;
    this.#grouped = grouped;
  }

  say(text: string | readonly string[], { paceMs = 0 }: SayOptions = {}): Promise<void> {
    const chunks = typeof text === 'string' ? (text.match(/\s*\S+\s*|\s+/g) ?? []) : text;
    return this.#turn.step(() =>
      this.#write(async (message) => {
        this.#lastText = await message.text(chunks, paceMs);
      }),
    );
  }

  pause(durationMs: number): Promise<void> {
    return this.#turn.step(() => this.#turn.pause(durationMs));
  }

  hang(): Promise<never> {
    return this.#turn.step(() => this.#turn.untilOver(new Promise<never>(() => undefined)));
  }

  useTool<Input extends Record<string, unknown>>(
    name: string,
    input: Input,
    { ask = true, context, run = () => '' }: ToolOptions<Input> = {},
  ): Promise<ToolOutcome<Input>> {
    const rule = ask ? this.#rule(name) : 'allow';
    return this.#turn.step(() =>
      this.#call({ name, input, rule, run: (edited) => run(edited), ...(context && { context }) }),
    );
  }

  ask(questions: readonly ScriptedQuestion[]): Promise<Answers | null> {
    return this.#turn.step(async () => {
      const input: { questions: unknown[]; answers?: Answers } = {
        questions: questions.map(({ header = 'Question', multiSelect = false, ...question }) => ({
          question: question.question,
          header,
          multiSelect,
          options: question.options.map((option) => ({ description: '', ...option })),
        })),
      };
      const outcome = await this.#call<typeof input>({
        name: 'AskUserQuestion',
        input,
        rule: 'ask',
        run: ({ answers = {} }) => answersText(answers),
      });
      return outcome.allowed ? (outcome.input.answers ?? {}) : null;
    });
  }

  subAgent(description: string, play: (sub: ScriptedAgent) => Promise<void>): Promise<string> {
    return this.#turn.step(async () => {
      let report = '';
      let failure: { error: unknown } | null = null;
      await this.#call({
        name: 'Task',
        input: { description, prompt: description, subagent_type: 'general-purpose' },
        rule: 'allow',
        run: async (_input, toolUseId) => {
          const origin = this.#turn.origin(toolUseId);
          this.#turn.write(userTextMessage(origin, description));
          const sub = new Voice(this.#turn, origin, createId('agent'));
          try {
            await play(sub);
          } catch (error) {
            failure = { error };
            throw error;
          }
          report = sub.#lastText;
          return report;
        },
      });
      // An error in the sub-agent's part of the script is an error in the script, not a tool's.
      rethrow(failure);
      return report;
    });
  }

  message<T>(write: (message: ScriptedMessage) => Promise<T>): Promise<T> {
    return this.#turn.step(() =>
      this.#write((message) => {
        const grouped = new Voice(this.#turn, this.#origin, this.#agentId, message);
        return write(grouped).finally(() => (this.#lastText = grouped.#lastText || this.#lastText));
      }),
    );
  }

  /** The message to write into, for a block that is written at once. */
  #open(): MessageWriter {
    if (this.#isWriting) {
      throw new ScriptedAgentError(
        'A message was begun while another was being written. Await the first, or group both by message().',
      );
    }
    return this.#grouped ?? new MessageWriter(this.#turn, this.#origin);
  }

  #finish(message: MessageWriter): void {
    if (this.#grouped === null) message.end();
  }

  async #write<T>(write: (message: MessageWriter) => Promise<T>): Promise<T> {
    const message = this.#open();
    this.#isWriting = true;
    try {
      return await write(message);
    } finally {
      this.#isWriting = false;
      this.#finish(message);
    }
  }

  async #call<Input extends Record<string, unknown>>(
    call: Call<Input>,
  ): Promise<ToolOutcome<Input>> {
    const id = createId('toolu');
    const message = this.#open();
    message.toolUse(id, call.name, call.input);
    this.#finish(message);
    const result = (content: UserContent, isError: boolean) =>
      this.#turn.write(toolResultMessage(this.#origin, id, content, isError));
    const finish = this.#turn.begin({ kind: 'tool', close: () => result(REJECTED, true) });
    const decision = await this.#decide(call, id);
    if (decision.behavior === 'deny') {
      if (decision.interrupt) this.#turn.stop({ kind: 'interrupted' });
      finish();
      result(decision.message, true);
      return { allowed: false, message: decision.message };
    }
    this.#turn.signal.throwIfAborted();
    // What a person edited is theirs: the script's type is what it asked for, see ToolOptions.run.
    const input = (decision.updatedInput ?? call.input) as Input;
    let output: UserContent;
    let isError = false;
    try {
      output = await this.#turn.untilOver((async () => call.run(input, id))());
    } catch (error) {
      this.#turn.signal.throwIfAborted();
      output = sentence(error);
      isError = true;
    }
    finish();
    result(output, isError);
    return { allowed: true, input, output: textOf(output), isError };
  }

  #rule(tool: string): Request['rule'] {
    const { permissionMode } = this.#turn.config;
    if (permissionMode === 'bypassPermissions') return 'allow';
    if (permissionMode === 'acceptEdits' && EDITING_TOOLS.has(tool)) return 'allow';
    return permissionMode === 'dontAsk' ? 'deny' : 'ask';
  }

  async #decide(
    { name, input, rule, context }: Request,
    toolUseID: string,
  ): Promise<PermissionResult> {
    if (rule === 'allow') return { behavior: 'allow' };
    if (rule === 'deny') {
      return { behavior: 'deny', message: `The mode dontAsk denies ${name} without asking.` };
    }
    // As with the real agent, the tool call is there to be seen before it is asked about.
    await this.#turn.read();
    return this.#turn.untilOver(
      this.#turn.canUseTool(name, input, {
        displayName: name,
        ...context,
        signal: this.#turn.signal,
        toolUseID,
        ...(this.#agentId !== null && { agentID: this.#agentId }),
      }),
    );
  }
}

function answersText(answers: Answers): string {
  const pairs = Object.entries(answers).map(([question, answer]) => `"${question}"="${answer}"`);
  return `Your questions have been answered: ${pairs.join(', ')}. You can now continue with these answers in mind.`;
}

function rethrow(failure: { error: unknown } | null): void {
  if (failure !== null) throw failure.error;
}
