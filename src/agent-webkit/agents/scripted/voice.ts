import type {
  AgentDialog,
  AgentDialogResult,
  Elicitation,
  ElicitationResult,
  HookDecision,
  HookQuestion,
} from '../../engine/agent-asks.js';
import type { UserContent } from '../../protocol/events.js';
import { hostToolRule, runHostTool } from './host-tool-play.js';
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
import { decide, permissionRule, type ToolRequest } from './tool-permission.js';
import { errorMessage, ScriptedAgentError, type Turn } from './turn.js';

/** The text that the real agent gives the model for a tool call that was aborted. */
const REJECTED =
  "The user doesn't want to proceed with this tool use. The tool use was rejected. " +
  'STOP what you are doing and wait for the user to tell you how to proceed.';

/** A tool call, with the function that plays it once it is allowed. */
interface Call<Input> extends ToolRequest {
  /** The delay before each piece of the input, in milliseconds. @default 0 */
  paceMs?: number;
  input: Input & Record<string, unknown>;
  run: (input: Input, toolUseId: string) => UserContent | Promise<UserContent>;
}

/**
 * The voice of an agent or a sub-agent in a turn. Each step writes a message of its own, unless the
 * voice was created to write into a given one.
 *
 * Invariant: a voice writes at most one message at a time, because stream events do not name the
 * message to which they belong.
 */
export class Voice implements ScriptedAgent {
  readonly #turn: Turn;
  readonly #origin: Origin;
  readonly #agentId: string | null;
  /** The message into which this voice writes; null when each step writes its own. */
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
    { ask, context, paceMs = 0, run }: ToolOptions<Input> = {},
  ): Promise<ToolOutcome<Input>> {
    const { signal, config } = this.#turn;
    const tool = run ? undefined : this.#turn.hostTool(name);
    const play = tool ? (edited: Input) => runHostTool(tool, edited, signal) : (run ?? (() => ''));
    const ofMode = tool
      ? hostToolRule(tool, config.permissionMode, name)
      : permissionRule(config.permissionMode, name);
    const rule = ask === false ? 'allow' : ofMode;
    return this.#turn.step(() =>
      this.#call({
        name,
        input,
        rule,
        paceMs,
        run: (edited) => play(edited),
        ...(context && { context }),
      }),
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

  elicit(asked: Elicitation): Promise<ElicitationResult> {
    return this.#turn.step(() => this.#turn.askPeople('elicitation', asked));
  }

  dialog(asked: AgentDialog): Promise<AgentDialogResult> {
    return this.#turn.step(() => this.#turn.askPeople('dialog', asked));
  }

  decide(asked: HookQuestion): Promise<HookDecision> {
    return this.#turn.step(() => this.#turn.askPeople('hook', asked));
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
      // An error in the sub-agent's part of the script is an error of the script, not of a tool.
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

  /** Returns the message into which to write the next block. */
  #open(): MessageWriter {
    if (this.#isWriting) {
      throw new ScriptedAgentError(
        'A message was started while another one was being written. ' +
          'Await the first one, or group both with message().',
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
    const recorded = this.#agentId === null ? this.#turn.nextRecorded() : null;
    // The script decides the type of its inputs, also of those that it had before.
    if (recorded?.outcome) {
      this.#turn.repeatMessages();
      return recorded.outcome as ToolOutcome<Input>;
    }
    const id = recorded?.id ?? createId('toolu');
    if (!recorded && this.#agentId === null) this.#turn.recordCall(id);
    const outcome = await this.#play(id, call);
    await this.#turn.recordOutcome(id, outcome);
    if (this.#agentId === null) await this.#turn.takeMessages();
    return outcome;
  }

  async #play<Input extends Record<string, unknown>>(
    id: string,
    call: Call<Input>,
  ): Promise<ToolOutcome<Input>> {
    const { name, input: asked, paceMs = 0 } = call;
    if (paceMs > 0) {
      await this.#write((message) => message.slowToolUse(id, name, asked, paceMs));
    } else {
      const message = this.#open();
      message.toolUse(id, name, asked);
      this.#finish(message);
    }
    const result = (content: UserContent, isError: boolean) =>
      this.#turn.write(toolResultMessage(this.#origin, id, content, isError));
    const finish = this.#turn.begin({ kind: 'tool', close: () => result(REJECTED, true) });
    const decision = await decide(this.#turn, this.#agentId, call, id);
    if (decision.behavior === 'deny') {
      if (decision.interrupt) this.#turn.stop({ kind: 'interrupted' });
      finish();
      result(decision.message, true);
      return { allowed: false, message: decision.message };
    }
    this.#turn.signal.throwIfAborted();
    // A person may have edited the input: its type is only that of the original, see ToolOptions.run.
    const input = (decision.updatedInput ?? call.input) as Input;
    let output: UserContent;
    let isError = false;
    try {
      output = await this.#turn.untilOver((async () => call.run(input, id))());
    } catch (error) {
      this.#turn.signal.throwIfAborted();
      output = errorMessage(error);
      isError = true;
    }
    finish();
    result(output, isError);
    return { allowed: true, input, output: textOf(output), isError };
  }
}

function answersText(answers: Answers): string {
  const pairs = Object.entries(answers).map(([question, answer]) => `"${question}"="${answer}"`);
  return `Your questions have been answered: ${pairs.join(', ')}. You can now continue with these answers in mind.`;
}

function rethrow(failure: { error: unknown } | null): void {
  if (failure !== null) throw failure.error;
}
