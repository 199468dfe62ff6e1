import { ApiError } from './api-error.js';

/** The model does not answer. The message contains no address. */
export class UpstreamFailure extends ApiError {}

/** The upstream was silent for too long. */
export function timedOut(phase: 'connection' | 'response'): UpstreamFailure {
  const what = phase === 'connection' ? 'could not be connected to' : 'did not answer';
  return new UpstreamFailure(504, 'timeout_error', `The model's server ${what} in time.`, 1);
}

/** Returns the failure that an error of a connection to the model means. */
export function failureOf(error: unknown): UpstreamFailure {
  const code = codeOf(error);
  return new UpstreamFailure(502, 'api_error', `${describe(code)} (${code || 'closed'}).`, 1);
}

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' && /^[A-Z0-9_]{1,60}$/.test(code) ? code : '';
}

function describe(code: string): string {
  if (code === 'ECONNREFUSED') return "The model's server refused the connection";
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return "The name of the model's server could not be resolved";
  }
  if (code === 'PROXY') return 'The proxy of this server did not connect to the model';
  if (/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO|EPROTO/.test(code)) {
    return "The connection to the model's server is not secure, see NODE_EXTRA_CA_CERTS";
  }
  if (/^E(?:HOST|NET)UNREACH$|^EADDR/.test(code)) return "The model's server could not be reached";
  if (code === 'ETIMEDOUT') return "The model's server did not answer";
  return "The connection to the model's server was closed";
}
