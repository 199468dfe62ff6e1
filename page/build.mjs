// Builds the page if it is missing or older than its sources, so that `npm start` and `npm test` are
// fast.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const sources = fileURLToPath(new URL('.', import.meta.url));
const project = fileURLToPath(new URL('..', import.meta.url));
const built = join(project, 'dist/page/index.html');

async function changedAt(path) {
  try {
    return (await stat(path)).mtimeMs;
  } catch {
    return null; // the file does not exist
  }
}

async function isStale() {
  const builtAt = await changedAt(built);
  if (builtAt === null) return true;
  const entries = await readdir(sources, { recursive: true });
  const paths = [
    ...entries.map((entry) => join(sources, entry)),
    join(project, 'package-lock.json'),
  ];
  const times = await Promise.all(paths.map(changedAt));
  return times.some((time) => (time ?? 0) > builtAt);
}

if (process.argv.includes('--force') || (await isStale())) {
  const { build } = await import('vite');
  await build({ configFile: join(sources, 'vite.config.ts') });
}
