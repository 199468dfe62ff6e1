import type { SessionConfig } from '../agent-client.js';
import { OUTPUT_FORMAT } from '../../protocol/output-format.js';
import { HostConfigurationError } from '../host-configuration-error.js';
import { parsePermittedHost, PERMITTED_HOST_WORDS } from '../permitted-host.js';

/** The maximum number of hosts of one session. They are stored with it. */
const MAX_HOSTS = 1000;
/** The maximum number of durable tools of one session. They are stored with it. */
const MAX_TOOLS = 1000;

/**
 * Returns the values that `configureSession` set, without those that are undefined.
 *
 * @throws HostConfigurationError for the hosts that the agent can reach, the durable tools and the output format
 */
export function checkConfigured(returned: Partial<SessionConfig> | void): Partial<SessionConfig> {
  const { network, durableTools, outputFormat, ...config } = returned ?? {};
  return {
    ...config,
    ...(network !== undefined && { network: checkNetwork(network) }),
    ...(durableTools !== undefined && { durableTools: checkTools(durableTools) }),
    ...(outputFormat !== undefined && { outputFormat: checkFormat(outputFormat) }),
  };
}

function checkFormat(format: NonNullable<SessionConfig['outputFormat']>) {
  const problem = OUTPUT_FORMAT.findProblem(format, 'outputFormat');
  if (problem === null) return format;
  const words = `{ type: 'json_schema', schema: a JSON Schema } within its bounds (${problem})`;
  throw new HostConfigurationError('outputFormat', words, format);
}

function checkTools(tools: unknown): readonly string[] {
  const isList = Array.isArray(tools) && tools.every((tool) => typeof tool === 'string');
  if (!isList || tools.length > MAX_TOOLS) {
    const words = `a list of at most ${MAX_TOOLS} names of tools`;
    throw new HostConfigurationError('durableTools', words, tools);
  }
  return [...tools];
}

function checkNetwork(network: unknown): NonNullable<SessionConfig['network']> {
  const allow: unknown = (network as { allow?: unknown } | null)?.allow;
  if (!Array.isArray(allow)) {
    throw new HostConfigurationError('network', '{ allow: a list of host names }', network);
  }
  if (allow.length > MAX_HOSTS) {
    const words = `a list of at most ${MAX_HOSTS} host names`;
    throw new HostConfigurationError('network.allow', words, `${allow.length} of them`);
  }
  for (const [index, host] of allow.entries()) {
    if (parsePermittedHost(host)) continue;
    throw new HostConfigurationError(`network.allow[${index}]`, PERMITTED_HOST_WORDS, host);
  }
  return { allow: [...(allow as string[])] };
}
