import { renderCard, renderChart } from './demo-components.js';
import {
  delegate,
  editFiles,
  presentPlan,
  showCode,
  showPicture,
  workThroughTodos,
} from './demo-work.js';
import type { Script, ScriptedAgent, ScriptedTurn } from './script.js';
import { ScriptedAgentError } from './turn.js';

/** The approximate pace at which a model streams. */
const PACE_MS = 30;
/** A pace that leaves time for an interrupt. */
const LONG_PACE_MS = 200;
const LONG_COUNT = 150;
/** A made-up cost, so that a user interface has one to show. */
const TURN_COST_USD = 0.001;

interface Scene {
  /** The word in the user's text that selects the scene. */
  word: string;
  shows: string;
  play: (turn: ScriptedTurn) => Promise<void>;
}

const scenes: readonly Scene[] = [
  { word: 'permission', shows: 'a tool that needs your permission', play: askPermission },
  { word: 'question', shows: 'a question with options', play: askQuestion },
  { word: 'form', shows: 'a form of an MCP server', play: askForm },
  { word: 'visit', shows: 'a page that an MCP server asks you to visit', play: askVisit },
  {
    word: 'refusal',
    shows: 'a model that refuses, and another one that you may choose',
    play: refuse,
  },
  { word: 'hook', shows: 'a hook that leaves its decision to you', play: askHook },
  { word: 'tools', shows: 'two tools in one message, one of which fails', play: useTools },
  { word: 'subagent', shows: 'a task delegated to a sub-agent', play: delegate },
  { word: 'plan', shows: 'a plan that needs your approval', play: presentPlan },
  { word: 'edit', shows: 'changes of files that need your permission', play: editFiles },
  { word: 'todo', shows: 'a to-do list that the agent works through', play: workThroughTodos },
  { word: 'code', shows: 'an answer with code and a table', play: showCode },
  { word: 'picture', shows: 'a tool that returns an image', play: showPicture },
  { word: 'card', shows: 'a component with the weather', play: renderCard },
  { word: 'chart', shows: 'a component that is corrected, a chart', play: renderChart },
  { word: 'long', shows: 'a long answer, to interrupt or to reconnect to', play: countSlowly },
  {
    word: 'fail',
    shows: 'a turn that fails',
    play: async (turn) => turn.fail('You asked the demo to fail.'),
  },
  {
    word: 'crash',
    shows: 'an agent that crashes; send another message to restart it',
    play: crash,
  },
];

/**
 * The agent of a server without credentials. It shows everything that a user interface has to handle;
 * a word in the user's text selects the scene. Its texts state that it is a script: no tool runs, and the
 * cost is made up.
 */
export const demoScript: Script = async (turn) => {
  turn.spend(TURN_COST_USD);
  const words = new Set(turn.input.text.toLowerCase().match(/\p{L}+/gu));
  const scene = scenes.find(({ word }) => words.has(word));
  if (scene) await scene.play(turn);
  else if (words.has('help')) await explain(turn);
  else await echo(turn);
};

async function echo(turn: ScriptedTurn): Promise<void> {
  const quote = turn.input.text === '' ? 'something without text' : `“${turn.input.text}”`;
  await say(
    turn,
    `I am a scripted demo, not a model. You wrote ${quote}. This is message ${turn.turnNumber} of this session. ` +
      `To see more, write one of these words: ${scenes.map(({ word }) => word).join(', ')}, help.`,
  );
}

async function explain(turn: ScriptedTurn): Promise<void> {
  const lines = scenes.map(({ word, shows }) => `- **${word}**: ${shows}`);
  await say(
    turn,
    'I am a scripted demo, not a model: no tool runs, and the cost is made up.\n' +
      `Write one of these words to see:\n${lines.join('\n')}\n` +
      'For the real agent, start the server with Anthropic credentials.',
  );
}

async function askPermission(turn: ScriptedTurn): Promise<void> {
  await say(turn, 'I would like to run a command. You decide. ');
  const outcome = await turn.useTool(
    'Bash',
    { command: 'echo "Hello from the demo"', description: 'Greet' },
    {
      context: { title: 'Run a shell command?', description: 'This is a demo: nothing runs.' },
      run: ({ command }) => `(demo, not run) ${command}`,
    },
  );
  await say(
    turn,
    outcome.allowed
      ? `You allowed it. The command was: ${outcome.input.command}`
      : `You denied it with the message: ${outcome.message}`,
  );
}

async function askQuestion(turn: ScriptedTurn): Promise<void> {
  const answers = await turn.ask([
    {
      question: 'Which color do you like best?',
      header: 'Color',
      options: [
        { label: 'Red', description: 'Like a tomato' },
        { label: 'Green', description: 'Like a meadow' },
        { label: 'Blue', description: 'Like the sea' },
      ],
    },
    {
      question: 'What are you building?',
      header: 'Project',
      multiSelect: true,
      options: [{ label: 'A web app' }, { label: 'A service' }, { label: 'A phone app' }],
    },
  ]);
  const given = Object.entries(answers ?? {}).map(([question, answer]) => `${question} ${answer}.`);
  await say(turn, answers ? `Thank you. ${given.join(' ')}` : 'You declined to answer.');
}

async function askForm(turn: ScriptedTurn): Promise<void> {
  const reply = await turn.elicit({
    serverName: 'demo',
    message: 'This is a demo: nothing is stored.',
    title: 'Where shall we send the parcel?',
    requestedSchema: {
      type: 'object',
      properties: {
        name: { type: 'string', title: 'Name', minLength: 2 },
        email: { type: 'string', title: 'E-mail address', format: 'email' },
        parcels: { type: 'integer', title: 'Parcels', minimum: 1, default: 1 },
        speed: { type: 'string', title: 'Speed', enum: ['normal', 'express'], default: 'normal' },
        extras: {
          type: 'array',
          title: 'Extras',
          items: { type: 'string', enum: ['insurance', 'gift wrap'] },
        },
        isGift: { type: 'boolean', title: 'It is a gift' },
      },
      required: ['name', 'parcels'],
    },
  });
  await say(
    turn,
    reply.action === 'accept'
      ? `You filled in: ${JSON.stringify(reply.content)}`
      : 'You did not fill in the form.',
  );
}

async function askVisit(turn: ScriptedTurn): Promise<void> {
  const { action } = await turn.elicit({
    serverName: 'demo',
    message: 'This is a demo: you cannot sign in there.',
    mode: 'url',
    url: 'https://example.com/sign-in?from=demo',
    elicitationId: 'demo',
  });
  await say(turn, action === 'accept' ? 'You opened the page.' : 'You did not open the page.');
}

async function refuse(turn: ScriptedTurn): Promise<void> {
  const payload = { originalModel: 'demo-one', fallbackModel: 'demo-two' };
  const reply = await turn.dialog({ dialogKind: 'refusal_fallback_prompt', payload });
  const choice = reply.behavior === 'completed' ? JSON.stringify(reply.result) : 'nothing';
  await say(turn, `You chose ${choice}. No model was asked.`);
}

async function askHook(turn: ScriptedTurn): Promise<void> {
  const input = { tool_name: 'Transfer', tool_input: { amount: 100, currency: 'EUR' } };
  const decision = await turn.decide({ event: 'PreToolUse', input });
  await say(
    turn,
    decision.behavior === 'allow'
      ? 'You allowed it. Nothing was transferred: this is a demo.'
      : `You denied it with the message: ${decision.message}`,
  );
}

async function useTools(turn: ScriptedTurn): Promise<void> {
  await turn.message(async (message) => {
    await message.say('I read two files in parallel. One of them is missing.', { paceMs: PACE_MS });
    await Promise.all([
      message.useTool(
        'Read',
        { file_path: 'README.md' },
        { ask: false, run: () => '# A demo file' },
      ),
      message.useTool(
        'Read',
        { file_path: 'missing.md' },
        {
          ask: false,
          run: async () => {
            await turn.pause(10 * PACE_MS);
            throw new ScriptedAgentError('File does not exist: missing.md');
          },
        },
      ),
    ]);
  });
  await say(turn, 'One file has a title, the other does not exist. No real file was read.');
}

async function countSlowly(turn: ScriptedTurn): Promise<void> {
  const numbers = Array.from({ length: LONG_COUNT }, (_, index) => `${index + 1} `);
  await turn.say(['I am counting slowly. Interrupt me at any time. ', ...numbers], {
    paceMs: LONG_PACE_MS,
  });
}

async function crash(turn: ScriptedTurn): Promise<void> {
  await say(turn, 'I am about to crash in the middle of this');
  turn.crash('You asked the demo to crash.');
}

function say(agent: ScriptedAgent, text: string): Promise<void> {
  return agent.say(text, { paceMs: PACE_MS });
}
