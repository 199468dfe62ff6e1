/**
 * Records the messages of the real Claude Agent SDK to `test/fixtures/sdk-messages/<scenario>.jsonl`,
 * one message per line, with a Messages API on loopback: no network, no credentials.
 *
 *   node test/support/record-sdk-messages.mjs [scenario ...]
 *
 * Run it after an update of the SDK, read the diff, and run the tests of the translator. Ids, times and
 * paths are replaced by stable ones; fields that only describe this machine are omitted.
 */
import { randomUUID } from 'node:crypto';
import { once, EventEmitter } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { query } from '@anthropic-ai/claude-agent-sdk';
import ts from 'typescript';

const FIXTURES = new URL('../fixtures/sdk-messages/', import.meta.url);
const QUESTIONS = [
  {
    question: 'Which colour?',
    header: 'Colour',
    multiSelect: false,
    options: ['red', 'blue'].map((label) => ({ label, description: label })),
  },
];

const bash = (command) => ({ tool: 'Bash', input: { command, description: 'test' } });
const allow = (_name, input) => ({ behavior: 'allow', updatedInput: input });
const never = new Promise(() => {});

/**
 * The scenarios: the messages, the responses of the model, the actions of the user. `turns` are texts,
 * `before` those of an earlier process; `interruptAt` is the message at which the first turn is interrupted.
 */
const SCENARIOS = {
  'text-turn': { turns: ['hi'], model: () => ({ blocks: [{ text: ['Hello ', 'there'] }] }) },
  'two-turns': {
    turns: ['one', 'two'],
    model: ({ text }) => ({ blocks: [{ text: [`heard ${text}`] }] }),
  },
  'several-blocks': {
    turns: ['go'],
    model: ({ toolResults }) =>
      toolResults.length > 0
        ? { blocks: [{ text: ['All ', 'done'] }] }
        : { blocks: [{ text: ['Two ', 'calls'] }, bash('echo first'), bash('echo second')] },
  },
  'tool-allowed': {
    turns: ['go'],
    model: ({ toolResults }) =>
      toolResults.length > 0 ? { blocks: [{ text: 'done' }] } : { blocks: [bash('touch file')] },
  },
  'tool-denied': {
    turns: ['go'],
    canUseTool: () => ({ behavior: 'deny', message: 'Not today.' }),
    model: ({ toolResults }) =>
      toolResults.length > 0
        ? { blocks: [{ text: 'as you like' }] }
        : { blocks: [bash('touch file')] },
  },
  question: {
    turns: ['ask me'],
    canUseTool: (_name, input) => ({
      behavior: 'allow',
      updatedInput: { ...input, answers: { 'Which colour?': 'blue' } },
    }),
    model: ({ toolResults }) =>
      toolResults.length > 0
        ? { blocks: [{ text: 'blue it is' }] }
        : { blocks: [{ tool: 'AskUserQuestion', input: { questions: QUESTIONS } }] },
  },
  interrupted: {
    turns: ['hold', 'after'],
    interruptAt: (message) => message.event?.type === 'content_block_delta',
    model: ({ text }) =>
      text === 'hold'
        ? { blocks: [{ text: ['part'] }], hold: never }
        : { blocks: [{ text: 'went on' }] },
  },
  'interrupted-tool': {
    turns: ['go', 'after'],
    canUseTool: (_name, _input, { signal }, interrupt) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve({ behavior: 'deny', message: 'gone' }));
        void interrupt();
      }),
    model: ({ text }) =>
      text === 'go' ? { blocks: [bash('touch file')] } : { blocks: [{ text: 'went on' }] },
  },
  thinking: {
    turns: ['hi'],
    model: () => ({ blocks: [{ thinking: ['let me ', 'see'] }, { text: 'hello' }] }),
  },
  compact: {
    turns: ['hi', '/compact', '/compact'],
    model: () => ({ blocks: [{ text: 'hello' }] }),
  },
  overloaded: {
    turns: ['hi'],
    model: failingFirst(2, 529),
  },
  denied: {
    turns: ['go'],
    options: { permissionMode: 'dontAsk' },
    model: ({ toolResults }) =>
      toolResults.length > 0 ? { blocks: [{ text: 'done' }] } : { blocks: [bash('touch file')] },
  },
  structured: {
    turns: ['go'],
    options: {
      outputFormat: {
        type: 'json_schema',
        schema: { type: 'object', properties: { a: { type: 'number' } }, required: ['a'] },
      },
    },
    model: () => ({ blocks: [{ tool: 'StructuredOutput', input: { a: 1 } }] }),
  },
  'api-error': { turns: ['hi'], model: () => ({ blocks: [], status: 400 }) },
  'sub-agent': {
    turns: ['delegate'],
    model: ({ text, toolResults }) => {
      if (text.includes('look around')) {
        return toolResults.length > 0
          ? { blocks: [{ text: ['I ', 'looked'] }] }
          : { blocks: [{ text: 'I look' }, bash('echo looked')] };
      }
      if (toolResults.length > 0) return { blocks: [{ text: 'It looked.' }] };
      const input = {
        description: 'look',
        prompt: 'look around',
        subagent_type: 'general-purpose',
        run_in_background: false,
      };
      return { blocks: [{ text: 'I delegate' }, { tool: 'Agent', input }] };
    },
  },
  resumed: {
    before: ['one'],
    turns: ['two'],
    model: ({ text }) => ({ blocks: [{ text: `heard ${text}` }] }),
  },
};

/** Returns a model that fails the first requests. */
function failingFirst(failures, status) {
  let requests = 0;
  return () => {
    requests += 1;
    return requests > failures ? { blocks: [{ text: 'hello' }] } : { blocks: [], status };
  };
}

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(SCENARIOS);
mkdirSync(FIXTURES, { recursive: true });
for (const name of wanted) {
  const messages = await record(name, SCENARIOS[name]);
  writeFileSync(
    new URL(`${name}.jsonl`, FIXTURES),
    messages.map((message) => `${JSON.stringify(message)}\n`).join(''),
  );
  console.log(name, messages.length);
}
process.exit(0);

async function record(name, scenario) {
  const { startFakeMessagesApi } = await importTypeScript('./fake-messages-api.ts', name);
  const api = await startFakeMessagesApi(scenario.model);
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'recording-')));
  const home = join(root, 'home');
  const cwd = join(root, 'cwd');
  for (const folder of [home, cwd]) mkdirSync(folder);
  try {
    const sessionId = randomUUID();
    const run = (turns, resume) => converse(scenario, turns, { api, home, cwd, sessionId, resume });
    const before = scenario.before ? await run(scenario.before, false) : [];
    const messages = await run(scenario.turns, before.length > 0);
    return steady(messages, { [cwd]: '/work', [home]: '/home', [api.url]: 'http://model' });
  } finally {
    await api.close();
    rmSync(root, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function converse(scenario, turns, { api, home, cwd, sessionId, resume }) {
  const waiting = [...turns];
  const results = new EventEmitter();
  async function* input() {
    while (waiting.length > 0) {
      const content = waiting.shift();
      const message = { role: 'user', content };
      yield { type: 'user', message, parent_tool_use_id: null, uuid: randomUUID() };
      await once(results, 'result');
    }
  }
  const conversation = query({
    prompt: input(),
    options: {
      ...(resume ? { resume: sessionId } : { sessionId }),
      cwd,
      settingSources: [],
      permissionMode: 'default',
      includePartialMessages: true,
      canUseTool: async (...asked) =>
        (scenario.canUseTool ?? allow)(...asked, () => conversation.interrupt()),
      env: {
        PATH: process.env.PATH,
        HOME: home,
        CLAUDE_CONFIG_DIR: home,
        ANTHROPIC_API_KEY: 'test',
        ANTHROPIC_BASE_URL: api.url,
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        DISABLE_TELEMETRY: '1',
        DISABLE_AUTOUPDATER: '1',
      },
      ...scenario.options,
    },
  });
  const messages = [];
  let isInterrupted = false;
  let turnsLeft = turns.length;
  try {
    for await (const message of conversation) {
      messages.push(message);
      if (!isInterrupted && scenario.interruptAt?.(message)) {
        isInterrupted = true;
        await conversation.interrupt();
      }
      if (message.type !== 'result') continue;
      turnsLeft -= 1;
      results.emit('result');
    }
  } catch (error) {
    // After a failed turn, the process exits with 1 when its input ends.
    if (turnsLeft > 0) throw new Error('The agent ended in a turn.', { cause: error });
  }
  return messages;
}

/** Loads a module of the tests in plain Node.js, without TypeScript; `key` makes it a separate instance. */
async function importTypeScript(path, key) {
  const source = readFileSync(new URL(path, import.meta.url), 'utf8');
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 },
  });
  return import(`data:text/javascript,${encodeURIComponent(`${outputText}// ${key}`)}`);
}

/** Replaces values that differ between recordings: ids by their order, times by 1, paths by names. */
function steady(messages, places) {
  const ids = new Map();
  const steadyId = (id) => {
    if (!ids.has(id)) ids.set(id, String(ids.size + 1).padStart(12, '0'));
    return `00000000-0000-4000-8000-${ids.get(id)}`;
  };
  const names = Object.entries(places).flatMap(([place, name]) => [
    [place, name],
    [place.replaceAll('/', '-'), name],
  ]);
  for (const { task_id, run_id } of messages) {
    if (task_id) names.push([task_id, 'task']);
    if (run_id) names.push([run_id, 'run']);
  }
  const steadyText = (text) =>
    names
      .reduce((replaced, [from, to]) => replaced.replaceAll(from, to), text)
      .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, steadyId)
      .replaceAll(/\d{4}-\d{2}-\d{2}T[\d:.]+Z/g, '2026-01-01T00:00:00.000Z')
      .replaceAll(/duration_ms: \d+/g, 'duration_ms: 1')
      .replaceAll(/\/tmp\/claude-\d+/g, '/tmp/claude');
  const walk = (value, key) => {
    if (typeof value === 'string') return steadyText(value);
    if (typeof value === 'number') return /_ms$|_time$|Ms$/.test(key) ? 1 : value;
    if (Array.isArray(value)) return value.map((item) => walk(item, key));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, walk(inner, name)]),
    );
  };
  return messages.map((message) => walk(withoutInstallation(message), ''));
}

function withoutInstallation(message) {
  if (message.type !== 'system' || message.subtype !== 'init') return message;
  const { type, subtype, session_id, uuid, model, permissionMode, cwd, mcp_servers } = message;
  return { type, subtype, session_id, uuid, model, permissionMode, cwd, mcp_servers };
}
