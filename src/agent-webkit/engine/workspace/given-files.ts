import { stat } from 'node:fs/promises';
import { isAbsolute, normalize } from 'node:path';
import type { GivenFiles } from '../agent-client.js';
import { HostConfigurationError } from '../host-configuration-error.js';
import { SERVER_FOLDER } from './layout.js';

/** How many paths of each kind a session may be given. They are stored with it. */
const MAX_PATHS = 100;

/**
 * Returns the files that `configureSession` gives a session, as far as they are valid.
 *
 * @param canCopy true where each session has its own folder
 * @throws HostConfigurationError which names the field
 */
export async function checkGivenFiles(given: unknown, canCopy: boolean): Promise<GivenFiles> {
  if (typeof given !== 'object' || given === null) {
    throw new HostConfigurationError('files', '{ copy, readOnly }', given);
  }
  const { copy, readOnly } = given as { copy?: unknown; readOnly?: unknown };
  const files = {
    ...(copy !== undefined && { copy: await checkCopies(copy, canCopy) }),
    ...(readOnly !== undefined && { readOnly: await checkReadOnly(readOnly) }),
  };
  return files;
}

async function checkCopies(copy: unknown, canCopy: boolean): Promise<GivenFiles['copy'] & object> {
  const entries = checkList('files.copy', copy);
  if (entries.length > 0 && !canCopy) {
    throw new HostConfigurationError(
      'files.copy',
      "an empty list, because workspace.per is not 'session' and other agents may be writing to the folder",
      copy,
    );
  }
  const checked: { from: string; to: string }[] = [];
  for (const [index, entry] of entries.entries()) {
    const field = `files.copy[${index}]`;
    if (typeof entry !== 'object' || entry === null) {
      throw new HostConfigurationError(field, '{ from, to }', entry);
    }
    const { from, to } = entry as { from?: unknown; to?: unknown };
    // oxlint-disable-next-line no-await-in-loop -- reports the first invalid path
    checked.push({
      from: await checkPath(`${field}.from`, from),
      to: checkTarget(`${field}.to`, to),
    });
  }
  return checked;
}

async function checkReadOnly(readOnly: unknown): Promise<readonly string[]> {
  const paths = checkList('files.readOnly', readOnly);
  return Promise.all(paths.map((path, index) => checkPath(`files.readOnly[${index}]`, path)));
}

function checkList(field: string, value: unknown): readonly unknown[] {
  const isList = Array.isArray(value) && value.length <= MAX_PATHS;
  if (isList) return value as unknown[];
  throw new HostConfigurationError(field, `a list of at most ${MAX_PATHS} entries`, value);
}

async function checkPath(field: string, path: unknown): Promise<string> {
  if (typeof path === 'string' && isAbsolute(path) && !path.includes('\0')) {
    const found = await stat(path).catch(() => null);
    if (found?.isFile() || found?.isDirectory()) return path;
  }
  throw new HostConfigurationError(field, 'the absolute path of an existing file or folder', path);
}

function checkTarget(field: string, path: unknown): string {
  if (typeof path === 'string' && path !== '' && !path.includes('\0') && !isAbsolute(path)) {
    const [first] = normalize(path).split('/');
    if (first !== '..' && first !== SERVER_FOLDER) return normalize(path).replace(/\/+$/, '');
  }
  throw new HostConfigurationError(field, "a path inside the session's folder", path);
}
