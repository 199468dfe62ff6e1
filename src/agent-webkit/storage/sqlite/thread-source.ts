import { runSqliteThread, type ThreadParts } from './thread-program.js';
import { createFolder } from './thread/create-folder.js';
import { describeError } from './thread/describe-error.js';
import { describeSystemError } from './thread/describe-system-error.js';
import { loadDriver } from './thread/driver.js';
import { guardFiles } from './thread/file-guard.js';
import { lockFile } from './thread/lock-file.js';
import { migrateFile } from './thread/migrate-file.js';
import { openFile } from './thread/open-file.js';
import { createPrivately, makePrivate } from './thread/private-files.js';
import { watchFiles } from './thread/watch-files.js';

const PARTS: ThreadParts = {
  createFolder,
  createPrivately,
  describeError,
  describeSystemError,
  guardFiles,
  loadDriver,
  lockFile,
  makePrivate,
  migrateFile,
  openFile,
  watchFiles,
};

/**
 * Returns the source text of the thread's program. It is not a separate file so that it works from
 * `dist`, from `src` and in a bundle, which would not include such a file.
 */
export function threadSource(): string {
  const parts = Object.entries(PARTS).map(([name, part]) => `${name}: ${String(part)}`);
  // esbuild's keepNames wraps functions by this name.
  return `const __name = (target) => target;(${runSqliteThread.toString()})(require, {${parts.join(',')}});`;
}
