// Runs the conformance cases of a sandbox in a process of its own, so that a test can run them as another
// user: node run-conformance.mjs <URL of the cases> <URL of the module> <its export> <options as JSON>
// Prints a line of JSON for each case: its name, and its error or null.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const [casesUrl, moduleUrl, name, options] = process.argv.slice(2);
const { sandboxConformance } = await import(casesUrl);
const { [name]: exported } = await import(moduleUrl);
const sandbox = typeof exported === 'function' ? exported() : exported;

/** Starts a server that runs a program in the same sandbox. */
const startServer = (command, walls) => {
  const start = fileURLToPath(new URL('./start-in-sandbox.mjs', import.meta.url));
  const args = [start, moduleUrl, name, JSON.stringify({ command, walls })];
  return spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'inherit'] });
};

const cases = sandboxConformance(sandbox, { ...JSON.parse(options), startServer });
const waiting = [...cases];
const worker = async () => {
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const error = await next.run().then(
      () => null,
      (failure) => String(failure?.message ?? failure),
    );
    console.log(JSON.stringify({ name: next.name, error }));
  }
};
await Promise.all(Array.from({ length: 6 }, worker));
process.exit();
