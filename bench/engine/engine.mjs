// Measures the processor time that this package adds to the SDK's. The SDK reads a message from the agent's
// process and parses it. This package translates, stores, publishes and frames it.
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nextMessage, start } from '../children.mjs';
import { save } from '../figures.mjs';
import { countSteps } from '../progress.mjs';
import { startMessagesApi } from '../first-word/messages-api.mjs';
import { line, print } from '../targets.mjs';

const SETUPS = [
  { name: 'one by one', words: 1000, everyMs: 2, warmUp: 400 },
  { name: 'as fast as possible', words: 20_000, everyMs: 0, warmUp: 5000 },
];
const BRIEF = SETUPS.map((setup) => ({ ...setup, words: 300, warmUp: 50 }));

export async function benchEngine(isBrief) {
  const setups = isBrief ? BRIEF : SETUPS;
  const repetitions = isBrief ? 1 : 3;
  const home = await realpath(await mkdtemp(join(tmpdir(), 'engine-')));
  const rows = [];
  const begin = countSteps(repetitions * setups.length);
  try {
    for (let repetition = 0; repetition < repetitions; repetition += 1) {
      for (const setup of setups) {
        begin(`${setup.name}, repetition ${repetition + 1} of ${repetitions}`);
        // oxlint-disable-next-line no-await-in-loop -- measurements at the same time would disturb each other
        rows.push({ setup: setup.name, ...(await measure(setup, home)) });
      }
    }
  } finally {
    await rm(home, { recursive: true, force: true, maxRetries: 3 });
  }
  print(
    "Microseconds of processor time per delta of a real agent, in the server's process.",
    setups.flatMap(({ name }) => {
      const figures = (figure) =>
        rows.filter(({ setup }) => setup === name).map((row) => row[figure]);
      return [
        [`${name}: the SDK alone`, line(figures('sdkUs'), { digits: 1 })],
        [`${name}: added by this package`, line(figures('addedUs'), { digits: 1 })],
        [`${name}: ratio`, line(figures('addedBySdk'))],
      ];
    }),
  );
  save('engine', { setups, rows });
}

async function measure({ words, everyMs, warmUp }, home) {
  const api = await startMessagesApi({ words, everyMs });
  try {
    const args = [api.url, home, String(warmUp)];
    const sdk = await run('sdk.mjs', args);
    const both = await run('this-package.mjs', args);
    const addedUs = both.cpuUs - sdk.cpuUs;
    return { sdkUs: sdk.cpuUs, addedUs, addedBySdk: addedUs / sdk.cpuUs };
  } finally {
    api.close();
  }
}

async function run(module, args) {
  const child = start(new URL(module, import.meta.url), args);
  try {
    return await nextMessage(child);
  } finally {
    child.kill();
  }
}
