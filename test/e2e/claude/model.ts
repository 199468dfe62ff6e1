import { createDeferred, type Deferred } from '../../../src/agent-webkit/agents/claude/deferred.js';
import type { Model, ModelRequest, Reply } from '../../support/fake-messages-api.js';

/** The questions that the model asks with AskUserQuestion. */
export const QUESTIONS = [
  {
    question: 'Which colour?',
    header: 'Colour',
    options: ['red', 'blue'].map((label) => ({ label, description: label })),
    multiSelect: false,
  },
  {
    question: 'Which sizes?',
    header: 'Sizes',
    options: ['small', 'large'].map((label) => ({ label, description: label })),
    multiSelect: true,
  },
];

/**
 * The fake model of these tests. Its answer depends on the user's message:
 *
 * - `hold <name>` streams one word, and the end of the answer when that name is released;
 * - `bash <command>` writes a sentence and calls the tool; `ask` asks {@link QUESTIONS};
 * - `delegate <words>` passes these words to a sub-agent and waits for it; `background <words>` does
 *   not wait, and the notice that the sub-agent has ended is answered when `notice` is released;
 * - `think <words>` streams these words as thinking before its answer;
 * - `fail <status> <times>` fails that often with an HTTP status before its answer;
 * - `break` streams two blocks and breaks off in the second one when `break` is released; its retry is
 *   answered;
 * - `blocks <count> <size>` writes that many blocks of that many characters;
 * - `refuse` is refused by all models but Opus 4.8;
 * - `use <tool> <input as JSON>` calls any tool; `calls <list as JSON>` calls several, each `[tool, input]`;
 * - `/compact hold:<name>` is summarized when that name is released;
 * - `recall` answers with all messages of the user in this conversation;
 * - any other message is answered with `heard <message>`, and a tool's result with `done`.
 */
export function createModel(): { model: Model; release: (name: string) => void } {
  const gates = new Map<string, Deferred<void>>();
  const gate = (name: string) => {
    const made = gates.get(name) ?? createDeferred<void>();
    gates.set(name, made);
    return made;
  };
  const failures = new Map<string, number>();
  const model = (request: ModelRequest): Reply => {
    const { text, toolResults } = request;
    // After a refusal, the agent first asks the same model again, in its own words.
    if (text === 'refuse' || text.startsWith('Your response above was stopped')) {
      return request.model === 'claude-opus-4-8'
        ? { blocks: [{ text: 'answered' }] }
        : { blocks: [], refusal: 'cyber' };
    }
    const [word, ...rest] = text.split(' ');
    const words = rest.join(' ');
    const compaction = /hold:(\w+)/.exec(text)?.[1];
    if (compaction) return { blocks: [{ text: 'a summary' }], hold: gate(compaction).promise };
    if (text.startsWith('Your response above was cut off'))
      return { blocks: [{ text: 'retried' }] };
    if (isNotice(request)) return { blocks: [{ text: ['noticed'] }], hold: gate('notice').promise };
    if (word === 'hold') return { blocks: [{ text: ['begun'] }], hold: gate(words).promise };
    if (toolResults.length > 0) return { blocks: [{ text: 'done' }] };
    if (word === 'bash') {
      const input = { command: words, description: 'test' };
      return { blocks: [{ text: 'I run it.' }, { tool: 'Bash', input }] };
    }
    if (word === 'think') {
      return { blocks: [{ thinking: rest.map((part) => `${part} `) }, { text: 'thought' }] };
    }
    if (word === 'fail') {
      const failed = failures.get(text) ?? 0;
      failures.set(text, failed + 1);
      if (failed < Number(rest[1])) return { blocks: [], status: Number(rest[0]) };
    }
    if (word === 'break') {
      const blocks = [{ text: 'whole' }, { text: 'half' }];
      return { blocks, hold: gate('break').promise, breaks: true };
    }
    if (word === 'blocks') {
      const [count, size] = rest.map(Number);
      return {
        blocks: Array.from({ length: count ?? 1 }, () => ({ text: 'x'.repeat(size ?? 1) })),
      };
    }
    if (word === 'use') {
      const [tool = '', ...input] = rest;
      const fields = JSON.parse(input.join(' ')) as Record<string, unknown>;
      return { blocks: [{ tool, input: fields }] };
    }
    if (word === 'calls') {
      const calls = JSON.parse(words) as [string, Record<string, unknown>][];
      return { blocks: calls.map(([tool, input]) => ({ tool, input })) };
    }
    if (word === 'ask') {
      return { blocks: [{ tool: 'AskUserQuestion', input: { questions: QUESTIONS } }] };
    }
    if (word === 'delegate' || word === 'background') {
      const input = {
        description: 'test',
        prompt: words,
        subagent_type: 'general-purpose',
        run_in_background: word === 'background',
      };
      return { blocks: [{ text: 'I delegate it.' }, { tool: 'Agent', input }] };
    }
    if (word === 'recall') return { blocks: [{ text: userWords(request).join(' | ') }] };
    return { blocks: [{ text: ['heard ', text] }] };
  };
  return { model, release: (name) => gate(name).resolve() };
}

/** Returns the texts of the user, without those that the agent adds. */
function userWords({ messages }: ModelRequest): string[] {
  return messages
    .filter(({ role }) => role === 'user')
    .flatMap(({ content }) =>
      typeof content === 'string'
        ? [content]
        : (content as { type: string; text?: string }[]).flatMap(({ text }) => text ?? []),
    )
    .filter((words) => !/^(<|\[Image: )/.test(words));
}

/** True when the last message is a notification of the agent, not a message of the user. */
function isNotice({ messages }: ModelRequest): boolean {
  const last = messages.findLast(({ role }) => role === 'user');
  return JSON.stringify(last?.content).includes('[SYSTEM NOTIFICATION');
}
