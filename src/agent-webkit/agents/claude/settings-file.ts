import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Settings } from '@anthropic-ai/claude-agent-sdk';
import { AgentFailure } from './agent-failure.js';
import { hostPath } from './host-paths.js';

/**
 * Returns the settings of a host. It reads their file, because other settings are added to them. A relative
 * path is below the current directory of the server: the folder of a session belongs to its agent. The
 * SDK also takes JSON for a path.
 *
 * @param written the real paths of the folders that agents write, for agents in a sandbox
 * @throws when the file cannot be read, as the agent itself would fail
 * @throws AgentFailure when the file is in one of these folders
 */
export function readSettings(
  settings: string | Settings | undefined,
  written: readonly string[] = [],
): Settings {
  if (typeof settings !== 'string') return settings ?? {};
  if (settings.trimStart().startsWith('{')) return JSON.parse(settings) as Settings;
  const path = resolve(settings);
  const real = written.length === 0 ? path : hostPath(path, written);
  if (real !== null) return JSON.parse(readFileSync(real, 'utf8')) as Settings;
  throw new AgentFailure(
    `The settings file ${path} is missing, or is in a folder that agents write. An agent could put any other ` +
      'file in its place. Move it out of the workspace.',
  );
}
