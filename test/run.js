// Runs one suite: node test/run.js <suite> [arguments for jest]. `all` stands for every suite. A path
// given to `main` is looked for in every suite, so that `npm test -- <path>` runs any file.
import { buildArgv, run } from 'jest';
import { SUITES } from './suites.js';

const [suite = 'main', ...args] = process.argv.slice(2);
if (suite !== 'all' && !Object.hasOwn(SUITES, suite)) {
  throw new Error(`There is no suite "${suite}": all, ${Object.keys(SUITES).join(', ')}.`);
}
const { _: paths } = await buildArgv(args);
const isEverywhere = suite === 'all' || (suite === 'main' && paths.length > 0);
if (!isEverywhere) process.env['TEST_SUITE'] = suite;
await run(args);
