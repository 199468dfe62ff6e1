import { below, decodeSegment, readBaseUrl } from './base-url.js';
import { readCustomHeaders } from './custom-headers.js';
import { type Environment, isSet, PLACEHOLDER } from './environment.js';
import {
  type ModelCredentials,
  type ModelProvider,
  UnsupportedCredentialsError,
} from './provider.js';

const PATH = /^\/model\/([A-Za-z0-9._:%-]+)\/(invoke|invoke-with-response-stream|count-tokens)$/;
/** The id of a model or of an inference profile, or the ARN of one. */
const MODEL =
  /^(?:[a-z0-9][A-Za-z0-9._:-]*|arn:aws[a-z-]*:bedrock:[a-z0-9-]+:[0-9]*:[a-z-]+\/[A-Za-z0-9._:-]+)$/;
const REGION = /^[a-z0-9]+(?:-[a-z0-9]+)+$/;

/**
 * Amazon Bedrock, with a bearer token, with a server that adds the credentials itself, or with those of a
 * function of the host.
 *
 * @throws UnsupportedCredentialsError
 */
export function bedrockProvider(
  environment: Environment,
  credentials: ModelCredentials | null,
): ModelProvider {
  const region = environment['AWS_REGION'] || environment['AWS_DEFAULT_REGION'] || 'us-east-1';
  if (!REGION.test(region)) {
    throw new UnsupportedCredentialsError('AWS_REGION must be the name of a region of AWS.');
  }
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  const base = readBaseUrl(
    'ANTHROPIC_BEDROCK_BASE_URL',
    environment['ANTHROPIC_BEDROCK_BASE_URL'] || `https://bedrock-runtime.${region}.${domain}`,
  );
  const custom = readCustomHeaders(environment['ANTHROPIC_CUSTOM_HEADERS']);
  const bearer = environment['AWS_BEARER_TOKEN_BEDROCK'];
  const isSkipped = isSet(environment['CLAUDE_CODE_SKIP_BEDROCK_AUTH']);
  const token = isSkipped ? environment['ANTHROPIC_AUTH_TOKEN'] : bearer;
  if (!bearer && !isSkipped && credentials === null) {
    throw new UnsupportedCredentialsError(
      'CLAUDE_CODE_USE_BEDROCK needs AWS_BEARER_TOKEN_BEDROCK for an agent in a sandbox. Other credentials ' +
        'of AWS, such as AWS_ACCESS_KEY_ID or AWS_PROFILE, are not read: sign the requests by the option ' +
        '`modelCredentials` of claudeSdkFactory().',
    );
  }
  return {
    name: 'bedrock',
    inside: {
      CLAUDE_CODE_USE_BEDROCK: '1',
      AWS_REGION: region,
      ANTHROPIC_BEDROCK_BASE_URL: 'http://model.internal',
      ...(bearer && !isSkipped
        ? { AWS_BEARER_TOKEN_BEDROCK: PLACEHOLDER }
        : { CLAUDE_CODE_SKIP_BEDROCK_AUTH: '1' }),
    },
    findTarget: (path) => {
      const [, id = '', call] = PATH.exec(path) ?? [];
      const model = decodeSegment(id);
      if (call === undefined || model === null || !MODEL.test(model)) return null;
      const url = below(base, `/model/${encodeURIComponent(model)}/${call}`);
      return { url, model, generates: call !== 'count-tokens' };
    },
    secretHeaders: async () => ({ ...(token && { authorization: `Bearer ${token}` }), ...custom }),
    credentials,
  };
}
