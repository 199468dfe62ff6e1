import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { claudeSdkFactory } from '../../../src/agent-webkit/agents/claude/claude-sdk-factory.js';
import type { ClaudeOverrides } from '../../../src/agent-webkit/agents/claude/claude-options.js';
import { createRegistry } from '../../support/registry-bench.js';

const quiet = () => undefined;
const onLinux = process.platform === 'darwin' ? it.skip : it;

describe('The check of credentials at the start of a server', () => {
  let home: string;
  const check = (env: Record<string, string> = {}, overrides: ClaudeOverrides = {}) =>
    claudeSdkFactory({ ...overrides, env: { HOME: home, ...env } }).check?.();
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'credentials-'));
  });
  afterEach(() => rm(home, { recursive: true }));

  onLinux('logs one warning that names what to set', async () => {
    const warnings: unknown[] = [];
    const sdkFactory = claudeSdkFactory({ env: { HOME: home, ANTHROPIC_API_KEY: '' } });
    const { registry } = createRegistry(undefined, {
      sdkFactory,
      logger: { log: quiet, warn: (line) => void warnings.push(line), error: quiet },
    });
    await registry.lifecycle.start();
    await sdkFactory.check?.();
    await registry.lifecycle.shutdown();
    expect(warnings).toEqual([expect.stringContaining('Set ANTHROPIC_API_KEY or')]);
  });

  it.each([
    'ANTHROPIC_API_KEY',
    'ANTHROPIC_AUTH_TOKEN',
    'CLAUDE_CODE_OAUTH_TOKEN',
    'CLAUDE_CODE_USE_BEDROCK',
    'CLAUDE_CODE_USE_VERTEX',
    'CLAUDE_CODE_USE_FOUNDRY',
  ])('accepts %s, of the environment or the settings', async (name) => {
    expect(await check({ [name]: '1' })).toBeNull();
    expect(await check({}, { settings: { env: { [name]: '1' } } })).toBeNull();
  });

  it('accepts a stored login, and what it cannot know', async () => {
    expect(await check({}, { settings: { apiKeyHelper: 'print-key' } })).toBeNull();
    expect(await check({}, { settingSources: ['user'] })).toBeNull();
    expect(await claudeSdkFactory(() => ({})).check?.()).toBeNull();
    await writeFile(join(home, '.credentials.json'), '{}');
    expect(await check({ CLAUDE_CONFIG_DIR: home })).toBeNull();
  });
});
