import { below, readBaseUrl } from './base-url.js';
import { readCustomHeaders } from './custom-headers.js';
import { type Environment, PLACEHOLDER } from './environment.js';
import {
  type ModelCredentials,
  type ModelProvider,
  type ModelTarget,
  UnsupportedCredentialsError,
} from './provider.js';
import { findStoredLogin } from './stored-login.js';

const API = 'https://api.anthropic.com';

/** The paths that Claude Code requests, exactly as it writes them. */
const PATHS = ['/v1/messages', '/v1/messages/count_tokens'].flatMap((path) => [
  path,
  `${path}?beta=true`,
]);

/** A credential for the Messages API. Its placeholder makes Claude Code send the same kind of request. */
interface AnthropicCredential {
  readonly inside: Readonly<Record<string, string>>;
  readonly headers: () => Promise<Readonly<Record<string, string>>>;
}

/**
 * The Messages API of Anthropic, or of a server that offers the same.
 *
 * @throws UnsupportedCredentialsError when there are no credentials
 */
export async function anthropicProvider(
  environment: Environment,
  credentials: ModelCredentials | null,
): Promise<ModelProvider> {
  const base = readBaseUrl('ANTHROPIC_BASE_URL', environment['ANTHROPIC_BASE_URL'] || API);
  const custom = readCustomHeaders(environment['ANTHROPIC_CUSTOM_HEADERS']);
  const credential = await findCredential(environment, credentials);
  const targets = new Map<string, ModelTarget>(
    PATHS.map((path) => [
      path,
      { url: below(base, path), model: null, generates: !path.includes('count_tokens') },
    ]),
  );
  return {
    name: 'anthropic',
    inside: {
      ...credential.inside,
      // Claude Code uses other features with the API of Anthropic, which it knows by its name.
      ANTHROPIC_BASE_URL:
        base.host === 'api.anthropic.com' ? 'http://api.anthropic.com' : 'http://model.internal',
    },
    findTarget: (path) => targets.get(path) ?? null,
    secretHeaders: async () => ({ ...(await credential.headers()), ...custom }),
    credentials,
  };
}

/** Returns the credential that Claude Code would use. */
async function findCredential(
  environment: Environment,
  credentials: ModelCredentials | null,
): Promise<AnthropicCredential> {
  const token = environment['ANTHROPIC_AUTH_TOKEN'];
  const key = environment['ANTHROPIC_API_KEY'];
  const oauth = environment['CLAUDE_CODE_OAUTH_TOKEN'];
  if (token || key) {
    return {
      inside: {
        ...(token && { ANTHROPIC_AUTH_TOKEN: PLACEHOLDER }),
        ...(key && { ANTHROPIC_API_KEY: PLACEHOLDER }),
      },
      headers: async () => ({
        ...(token && { authorization: `Bearer ${token}` }),
        ...(key && { 'x-api-key': key }),
      }),
    };
  }
  if (oauth) {
    return {
      inside: { CLAUDE_CODE_OAUTH_TOKEN: PLACEHOLDER },
      headers: async () => ({ authorization: `Bearer ${oauth}` }),
    };
  }
  if (credentials !== null) {
    return { inside: { ANTHROPIC_API_KEY: PLACEHOLDER }, headers: async () => ({}) };
  }
  const login = await findStoredLogin(environment);
  if (login !== null) return login;
  throw new UnsupportedCredentialsError(
    'No credentials for Claude were found. Set ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN, or a ' +
      'provider such as CLAUDE_CODE_USE_BEDROCK, in the environment of the server.',
  );
}
