import { below, decodeSegment, readBaseUrl } from './base-url.js';
import { readCustomHeaders } from './custom-headers.js';
import { type Environment, isSet } from './environment.js';
import {
  type ModelCredentials,
  type ModelProvider,
  UnsupportedCredentialsError,
} from './provider.js';

const PATH =
  /^\/projects\/([^/?#]+)\/locations\/([a-z0-9-]+)\/publishers\/anthropic\/models\/([A-Za-z0-9.@%_-]+):(rawPredict|streamRawPredict)$/;
const MODEL = /^[a-z0-9][A-Za-z0-9._-]*(?:@[A-Za-z0-9._-]+)?$/;
const LOCATION = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
const PROJECT = /^[a-z0-9][a-z0-9.:-]*$/;

/**
 * Vertex AI, with a server that adds the credentials itself, or with those of a function of the host.
 *
 * @throws UnsupportedCredentialsError
 */
export function vertexProvider(
  environment: Environment,
  credentials: ModelCredentials | null,
): ModelProvider {
  const project = environment['ANTHROPIC_VERTEX_PROJECT_ID'] ?? '';
  if (!PROJECT.test(project)) {
    throw new UnsupportedCredentialsError(
      'CLAUDE_CODE_USE_VERTEX needs ANTHROPIC_VERTEX_PROJECT_ID for an agent in a sandbox.',
    );
  }
  if (!isSet(environment['CLAUDE_CODE_SKIP_VERTEX_AUTH']) && credentials === null) {
    throw new UnsupportedCredentialsError(
      'CLAUDE_CODE_USE_VERTEX needs credentials outside of the sandbox. Those of Google, such as ' +
        'GOOGLE_APPLICATION_CREDENTIALS, are not read: return the header `authorization` from the option ' +
        '`modelCredentials` of claudeSdkFactory(), or set CLAUDE_CODE_SKIP_VERTEX_AUTH and ' +
        'ANTHROPIC_VERTEX_BASE_URL for a server that adds them.',
    );
  }
  const regions = readRegions(environment);
  const locations = new Set(Object.values(regions));
  const given = environment['ANTHROPIC_VERTEX_BASE_URL'];
  const base = given ? readBaseUrl('ANTHROPIC_VERTEX_BASE_URL', given) : null;
  const custom = readCustomHeaders(environment['ANTHROPIC_CUSTOM_HEADERS']);
  const token = environment['ANTHROPIC_AUTH_TOKEN'];
  return {
    name: 'vertex',
    inside: {
      CLAUDE_CODE_USE_VERTEX: '1',
      CLAUDE_CODE_SKIP_VERTEX_AUTH: '1',
      ANTHROPIC_VERTEX_BASE_URL: 'http://model.internal',
      ANTHROPIC_VERTEX_PROJECT_ID: project,
      ...regions,
    },
    findTarget: (path) => {
      const [, owner = '', location = '', id = '', call] = PATH.exec(path) ?? [];
      const model = decodeSegment(id);
      const isKnown = decodeSegment(owner) === project && locations.has(location);
      if (!isKnown || model === null || !MODEL.test(model)) return null;
      const url = below(
        base ?? endpointOf(location),
        `/projects/${project}/locations/${location}/publishers/anthropic/models/${model}:${call}`,
      );
      const isCount = model === 'count-tokens';
      return { url, model: isCount ? null : model, generates: !isCount };
    },
    secretHeaders: async () => ({ ...(token && { authorization: `Bearer ${token}` }), ...custom }),
    credentials,
  };
}

/** Returns the variables that name the regions of the models. */
function readRegions(environment: Environment): Record<string, string> {
  const regions: Record<string, string> = {
    CLOUD_ML_REGION: environment['CLOUD_ML_REGION'] || 'us-east5',
  };
  for (const [name, value] of Object.entries(environment)) {
    if (value && /^VERTEX_REGION_[A-Z0-9_]+$/.test(name)) regions[name] = value;
  }
  const wrong = Object.entries(regions).find(([, region]) => !LOCATION.test(region));
  if (wrong === undefined) return regions;
  throw new UnsupportedCredentialsError(`${wrong[0]} must be the name of a region of Vertex AI.`);
}

function endpointOf(location: string): URL {
  if (location === 'global') return new URL('https://aiplatform.googleapis.com/v1');
  if (location === 'us' || location === 'eu') {
    return new URL(`https://aiplatform.${location}.rep.googleapis.com/v1`);
  }
  return new URL(`https://${location}-aiplatform.googleapis.com/v1`);
}
