import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClaudeOverrides } from '../../src/agent-webkit/agents/claude/claude-options.js';

export interface ClaudeEnv {
  /** Variables that keep a real agent away from this machine's settings, credentials and network. */
  overrides: ClaudeOverrides & { env: Record<string, string> };
  /** An empty folder for agents to work in. */
  cwd: string;
  /** The home of the agents, which holds their settings and memories. */
  home: string;
  /** Removes its folders. */
  close(): Promise<void>;
}

/**
 * An environment in which the real agent runs against a Messages API on loopback, and nothing else.
 *
 * @param apiUrl the URL of that API, see `startFakeMessagesApi`
 */
export async function createClaudeEnv(apiUrl: string): Promise<ClaudeEnv> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'agent-webkit-')));
  const home = await mkdtemp(join(root, 'home-'));
  const cwd = await mkdtemp(join(root, 'cwd-'));
  return {
    cwd,
    home,
    overrides: {
      settingSources: [],
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: home,
        CLAUDE_CONFIG_DIR: home,
        ANTHROPIC_API_KEY: 'test',
        ANTHROPIC_BASE_URL: apiUrl,
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        DISABLE_TELEMETRY: '1',
        DISABLE_AUTOUPDATER: '1',
      },
    },
    close: () => rm(root, { recursive: true, force: true, maxRetries: 3 }),
  };
}
