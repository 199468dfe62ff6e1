import { access, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ClaudeOverrides } from './claude-options.js';

type Environment = Record<string, string | undefined>;

/** The variables that contain credentials, or select a provider that has its own. */
const VARIABLES =
  /^(ANTHROPIC_API_KEY|ANTHROPIC_AUTH_TOKEN|ANTHROPIC_UNIX_SOCKET|CLAUDE_CODE_OAUTH_TOKEN|CLAUDE_CODE_USE_.+|CLAUDE_CODE_.+_FILE_DESCRIPTOR)$/;

/**
 * Returns a warning for the log of the server when its agents have no credentials, else null. It looks
 * where Claude Code does, and starts no agent. Null also when it cannot know, for example because a
 * settings file may name a helper program.
 */
export async function missingCredentials(overrides: ClaudeOverrides): Promise<string | null> {
  const { settings, settingSources = [], extraArgs } = overrides;
  const env: Environment = overrides.env ?? process.env;
  const isUnknown =
    typeof settings === 'string' ||
    settings?.apiKeyHelper !== undefined ||
    settingSources.length > 0 ||
    extraArgs?.['settings'] !== undefined ||
    // There, the login is in the keychain.
    process.platform === 'darwin';
  if (isUnknown || hasVariable(env) || hasVariable(settings?.env ?? {})) return null;
  if (await hasLogin(env)) return null;
  return (
    'No credentials for Claude were found, so every answer will fail. Set ANTHROPIC_API_KEY or ' +
    'CLAUDE_CODE_OAUTH_TOKEN, or a provider such as CLAUDE_CODE_USE_BEDROCK, in the environment of ' +
    'the server, or pass `env` to claudeSdkFactory().'
  );
}

function hasVariable(env: Environment): boolean {
  return Object.entries(env).some(([name, value]) => value && VARIABLES.test(name));
}

async function hasLogin(env: Environment): Promise<boolean> {
  const home = env['HOME'] ?? env['USERPROFILE'] ?? homedir();
  const folder = env['CLAUDE_CONFIG_DIR'];
  const logins = join(folder ?? join(home, '.claude'), '.credentials.json');
  const isStored = await access(logins).then(
    () => true,
    () => false,
  );
  if (isStored) return true;
  const configuration = await readFile(join(folder ?? home, '.claude.json'), 'utf8').catch(
    () => '',
  );
  return configuration.includes('"primaryApiKey"');
}
