import { copyFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { SandboxConformanceOptions } from '../../src/testing.js';
import { CompiledSources } from '../support/compiled-sources.js';
import { Program } from '../support/program.js';

/** The user of the tests, and an ordinary one, which only root can become. */
export const USERS: readonly string[] =
  process.getuid?.() === 0 ? ['the user of the tests', 'nobody'] : ['the user of the tests'];

const RUN = fileURLToPath(new URL('./run-conformance.mjs', import.meta.url));
const START = fileURLToPath(new URL('./start-in-sandbox.mjs', import.meta.url));

/**
 * Runs all cases of a sandbox in a process of its own, as one of {@link USERS}. Resolves to the errors of the
 * cases, by their names; null for a case that passed.
 */
export async function runConformance(
  user: string,
  { module, name }: { module: string; name: string },
  options: SandboxConformanceOptions,
): Promise<ReadonlyMap<string, string | null>> {
  // In the folder for temporary files, where every user can read it.
  const sources = await CompiledSources.create(['src/agent-webkit', 'test/sandbox'], {
    hasPackages: false,
  });
  const script = sources.path('test/sandbox/run-conformance.mjs');
  await copyFile(RUN, script);
  await copyFile(START, sources.path('test/sandbox/start-in-sandbox.mjs'));
  const args = [
    script,
    sources.url('src/agent-webkit/sandbox/conformance/sandbox-conformance.js'),
    sources.url(module),
    name,
    JSON.stringify(options),
  ];
  const asNobody = ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath];
  // Less than the limit of the tests that wait for it.
  const settings = { cwd: '/', env: { SERVER_VARIABLE: 'of the server' }, limitMs: 100_000 };
  const program =
    user === 'nobody'
      ? new Program('setpriv', [...asNobody, ...args], settings)
      : new Program(process.execPath, args, settings);
  try {
    await program.ended();
  } finally {
    await program.kill();
    await sources.remove();
  }
  const lines = program.lines.filter((line) => line.startsWith('{"name":'));
  if (lines.length === 0) throw new Error(program.output);
  return new Map(
    lines.map((line) => {
      const { name: title, error } = JSON.parse(line) as { name: string; error: string | null };
      return [title, error];
    }),
  );
}
