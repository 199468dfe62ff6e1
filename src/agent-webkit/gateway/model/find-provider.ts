import { anthropicProvider } from './anthropic-provider.js';
import { bedrockProvider } from './bedrock-provider.js';
import { type Environment, isSet } from './environment.js';
import {
  type ModelCredentials,
  type ModelProvider,
  UnsupportedCredentialsError,
} from './provider.js';
import { vertexProvider } from './vertex-provider.js';

/** Variables that name credentials, or ways to the model, which only Claude Code itself can use. */
const UNSUPPORTED: readonly [RegExp, string][] = [
  [
    /^CLAUDE_CODE_USE_(?!BEDROCK$|VERTEX$)[A-Z_]+$/,
    'Use CLAUDE_CODE_USE_BEDROCK or CLAUDE_CODE_USE_VERTEX, or set ANTHROPIC_BASE_URL.',
  ],
  [
    /^(?:CLAUDE_CODE|ANTHROPIC)_[A-Z_]+_FILE_DESCRIPTOR$/,
    'Set the variable with the credential itself.',
  ],
  [/^ANTHROPIC_UNIX_SOCKET$/, 'Set ANTHROPIC_BASE_URL to an http or https address.'],
  [
    /^ANTHROPIC_(?:FEDERATION_RULE_ID|IDENTITY_TOKEN|IDENTITY_TOKEN_FILE|PROFILE)$/,
    'Set ANTHROPIC_AUTH_TOKEN, or the option `modelCredentials` of claudeSdkFactory().',
  ],
];

/**
 * Returns the way to the model that an environment describes, as Claude Code would choose it.
 *
 * @throws UnsupportedCredentialsError
 */
export async function findProvider(
  environment: Environment,
  credentials: ModelCredentials | undefined,
): Promise<ModelProvider> {
  for (const [name, value] of Object.entries(environment)) {
    if (!isSet(value)) continue;
    const found = UNSUPPORTED.find(([pattern]) => pattern.test(name));
    if (found === undefined) continue;
    throw new UnsupportedCredentialsError(
      `${name} cannot be used for an agent in a sandbox. ${found[1]}`,
    );
  }
  if (isSet(environment['CLAUDE_CODE_USE_BEDROCK'])) {
    return bedrockProvider(environment, credentials ?? null);
  }
  if (isSet(environment['CLAUDE_CODE_USE_VERTEX'])) {
    return vertexProvider(environment, credentials ?? null);
  }
  return anthropicProvider(environment, credentials ?? null);
}

/** Returns why an agent in a sandbox cannot reach the model with this environment; null when it can. */
export async function checkModelEnvironment(
  environment: Environment,
  credentials?: ModelCredentials,
): Promise<string | null> {
  try {
    await findProvider(environment, credentials);
    return null;
  } catch (error) {
    if (error instanceof UnsupportedCredentialsError) return error.message;
    throw error;
  }
}
