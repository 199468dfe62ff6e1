import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Settings } from '@anthropic-ai/claude-agent-sdk';

/**
 * Returns the settings of a host. It reads their file, because other settings are added to them. The SDK
 * also takes JSON for a path.
 *
 * @param cwd the folder to which a path is relative
 * @throws when the file cannot be read, as the agent itself would fail
 */
export function readSettings(settings: string | Settings | undefined, cwd: string): Settings {
  if (typeof settings !== 'string') return settings ?? {};
  const isJson = settings.trimStart().startsWith('{');
  return JSON.parse(isJson ? settings : readFileSync(resolve(cwd, settings), 'utf8')) as Settings;
}
