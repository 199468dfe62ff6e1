import { describe, expect, it } from '@jest/globals';
import {
  insideEnvironment,
  insideSettings,
} from '../../../src/agent-webkit/agents/claude/inside-environment.js';

const SERVER = {
  PATH: '/usr/bin',
  LANG: 'C.UTF-8',
  LC_ALL: 'C.UTF-8',
  TZ: 'UTC',
  HOME: '/root',
  USER: 'root',
  ANTHROPIC_API_KEY: 'key-of-the-server',
  ANTHROPIC_MODEL: 'opus',
  ANTHROPIC_DEFAULT_HAIKU_MODEL: 'small',
  MAX_THINKING_TOKENS: '1000',
  AGENT_WEBKIT_TOKEN: 'token-of-ann',
  DATABASE_URL: 'postgres://secret',
  HTTPS_PROXY: 'http://proxy',
};
const HARMLESS = {
  PATH: '/usr/bin',
  LANG: 'C.UTF-8',
  LC_ALL: 'C.UTF-8',
  TZ: 'UTC',
  ANTHROPIC_MODEL: 'opus',
  ANTHROPIC_DEFAULT_HAIKU_MODEL: 'small',
  MAX_THINKING_TOKENS: '1000',
};

describe('the environment of an agent in a sandbox', () => {
  it('has the harmless variables of the server alone when the host gives none', () => {
    expect(insideEnvironment(undefined, SERVER)).toEqual(HARMLESS);
  });

  it('has only the additions of a host that passes on the environment of the server', () => {
    const given = { ...SERVER, REGION: 'eu', PATH: '/opt/bin' };
    expect(insideEnvironment(given, SERVER)).toEqual({
      ...HARMLESS,
      REGION: 'eu',
      PATH: '/opt/bin',
    });
  });

  it.each([
    'ANTHROPIC_API_KEY',
    'ANTHROPIC_AUTH_TOKEN',
    'ANTHROPIC_CUSTOM_HEADERS',
    'ANTHROPIC_BASE_URL',
    'AWS_SECRET_ACCESS_KEY',
    'AGENT_WEBKIT_TOKEN',
    'CLAUDE_CODE_OAUTH_TOKEN',
    'CLAUDE_CODE_USE_BEDROCK',
    'CLAUDE_CODE_OAUTH_TOKEN_FILE_DESCRIPTOR',
    'GOOGLE_APPLICATION_CREDENTIALS',
    'CLAUDE_CONFIG_DIR',
    'HOME',
    'TMPDIR',
    'https_proxy',
    'SSH_AUTH_SOCK',
  ])('does not have %s of the host', (name) => {
    expect(insideEnvironment({ [name]: 'value' }, {})).toEqual({});
    expect(insideSettings({ env: { [name]: 'value' } })).toEqual({ env: {} });
  });

  it('has what the host puts into the settings, even if the server has the same', () => {
    const settings = { env: { NPM_TOKEN: 'token', ANTHROPIC_API_KEY: 'key' }, model: 'opus' };
    expect(insideSettings(settings)).toEqual({ env: { NPM_TOKEN: 'token' }, model: 'opus' });
  });
});
