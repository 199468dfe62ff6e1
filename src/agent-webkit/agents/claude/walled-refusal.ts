import type { Settings } from '@anthropic-ai/claude-agent-sdk';
import { checkModelEnvironment } from '../../gateway/model/find-provider.js';
import type { ClaudeOverrides } from './claude-options.js';
import { readSettings } from './settings-file.js';

/** Options of the SDK, which its types do not have, that send credentials to the agent. */
const CREDENTIAL_CALLBACKS = ['getOAuthToken', 'getHostAuthToken'] as const;

/** Returns why an agent with these options cannot run in a sandbox, for people; null when it can. */
export function walledRefusal(overrides: ClaudeOverrides, settings: Settings): string | null {
  if (settings.apiKeyHelper !== undefined) {
    return (
      'The setting `apiKeyHelper` does not work in a sandbox, because it would run inside and have the ' +
      'credentials there. Set ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN on the server instead.'
    );
  }
  const callback = CREDENTIAL_CALLBACKS.find((name) => name in overrides);
  if (callback !== undefined) {
    return (
      `The option \`${callback}\` does not work in a sandbox, because it would send credentials into it. ` +
      'Set ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN on the server instead.'
    );
  }
  return null;
}

/** Returns a warning for the log of the server when no agent with these options can start in a sandbox, else null. */
export async function walledWarning(overrides: ClaudeOverrides): Promise<string | null> {
  const { env = process.env, modelCredentials } = overrides;
  let settings: Settings;
  try {
    settings = readSettings(overrides.settings);
  } catch {
    // Each start of an agent reports it.
    return null;
  }
  const problem =
    walledRefusal(overrides, settings) ??
    (await checkModelEnvironment({ ...env, ...settings.env }, modelCredentials));
  return problem && `No agent can start: ${problem}`;
}
