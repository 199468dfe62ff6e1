import type { ImageBlock } from '../../protocol/events.js';
import type { ScriptedAgent, ScriptedTurn } from './script.js';

/** The approximate pace at which a model streams, in milliseconds. */
const PACE_MS = 30;
/** How long a tool of the demo runs, in milliseconds. */
const WORK_MS = 1200;

/** One image for the tools that return some: four bars, 96 by 64 pixels. */
const BARS: ImageBlock = {
  type: 'image',
  source: {
    type: 'base64',
    media_type: 'image/png',
    data: 'iVBORw0KGgoAAAANSUhEUgAAAGAAAABACAMAAADS6oI8AAAACVBMVEX08u0OX1VbYl8nLO1dAAAARUlEQVR42u3YKQ4AIAwAwcL/H43FEO4gmJVNYXwjpEelKgAAADgJzDwCAACt3c4PAAAAsAzsTwEAAAAAAIxM8+XcNz+oANgtB4Fwqql6AAAAAElFTkSuQmCC',
  },
};

const PLAN = `# Move the shop to the new database

1. **Copy** the orders, in batches of 1,000.
2. Compare the counts:

   | table  | old   | new   |
   | ------ | ----- | ----- |
   | orders | 8,112 | 8,112 |

3. Switch \`DATABASE_URL\`, and keep the old one for a week.

> Nothing is deleted.`;

const CODE = `This function retries. Its delay doubles each time:

\`\`\`ts
/** Calls \`work\` until it succeeds, at most \`attempts\` times. */
export async function retry<T>(work: () => Promise<T>, attempts = 5): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === attempts) throw error;
      await delay(100 * 2 ** attempt); // 200, 400, 800 ms
    }
  }
}
\`\`\`

\`\`\`sh
npm install && npm test -- --filter="retry" # runs its tests
\`\`\`

| attempt | delay | reason | a column that makes the table wide |
| ------: | ----: | :----- | :---------------------------------- |
| 1 | 200 ms | the server restarts | https://example.com/a/rather/long/address/that/has/no/place/to/break |
| 2 | 400 ms | the network | - |`;

const BEFORE = `export function total(items) {
  let sum = 0;
  for (const item of items) {
    sum += item.price;
  }
  return sum;
}`;
const AFTER = `export function total(items: readonly Item[]): number {
  let sum = 0;
  for (const item of items) {
    sum += item.price * item.count;
  }
  return sum;
}`;

const STEPS = [
  { content: 'Find the failing test', activeForm: 'Finding the failing test' },
  { content: 'Fix the rounding', activeForm: 'Fixing the rounding' },
  { content: 'Run all tests', activeForm: 'Running all tests' },
];

export async function presentPlan(turn: ScriptedTurn): Promise<void> {
  await say(turn, 'I have made a plan.');
  const outcome = await turn.useTool('ExitPlanMode', { plan: PLAN }, { run: () => 'Approved.' });
  await say(
    turn,
    outcome.allowed
      ? 'You approved the plan. Nothing is moved: this is a demo.'
      : `I keep planning. You wrote: ${outcome.message}`,
  );
}

export async function editFiles(turn: ScriptedTurn): Promise<void> {
  await say(turn, 'I would like to change a file, and to write another one.');
  const edited = await turn.useTool(
    'Edit',
    { file_path: 'src/total.ts', old_string: BEFORE, new_string: AFTER },
    { run: () => '(demo, not changed) src/total.ts' },
  );
  const written = await turn.useTool(
    'Write',
    {
      file_path: 'src/item.ts',
      content: 'export interface Item {\n  price: number;\n  count: number;\n}\n',
    },
    { run: () => '(demo, not written) src/item.ts' },
  );
  const allowed = [edited, written].filter((outcome) => outcome.allowed).length;
  await say(turn, `You allowed ${allowed} of 2 changes. No file was changed: this is a demo.`);
}

export async function workThroughTodos(turn: ScriptedTurn): Promise<void> {
  for (let done = 0; done <= STEPS.length; done += 1) {
    const todos = STEPS.map((step, index) => ({
      ...step,
      status: index < done ? 'completed' : index === done ? 'in_progress' : 'pending',
    }));
    // oxlint-disable-next-line no-await-in-loop -- one step after the other
    await turn.useTool('TodoWrite', { todos }, { ask: false, run: () => 'The list was changed.' });
    // oxlint-disable-next-line no-await-in-loop -- as above
    if (done < STEPS.length) await turn.pause(WORK_MS);
  }
  await say(turn, 'All steps are done. No test was run: this is a demo.');
}

export async function showCode(turn: ScriptedTurn): Promise<void> {
  const chunks = CODE.match(/\s*\S+/g) ?? [];
  await turn.say(chunks, { paceMs: PACE_MS / 3 });
}

export async function showPicture(turn: ScriptedTurn): Promise<void> {
  await say(turn, 'I look at a chart.');
  await turn.useTool('Read', { file_path: 'chart.png' }, { ask: false, run: () => [BARS] });
  await say(turn, 'The chart has four bars. It is part of the demo: no file was read.');
}

export async function delegate(turn: ScriptedTurn): Promise<void> {
  await say(turn, 'I delegate this task to a sub-agent: count the files.');
  const report = await turn.subAgent('Count the files', async (sub) => {
    await sub.useTool(
      'Glob',
      { pattern: '**/*' },
      { ask: false, run: () => turn.pause(WORK_MS).then(() => 'a.txt\nb.txt') },
    );
    await say(sub, 'There are two files, a.txt and b.txt.');
  });
  await say(turn, `The sub-agent reports: ${report}`);
}

function say(agent: ScriptedAgent, text: string): Promise<void> {
  return agent.say(text, { paceMs: PACE_MS });
}
