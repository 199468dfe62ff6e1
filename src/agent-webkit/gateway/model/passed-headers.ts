import type { IncomingHttpHeaders } from 'node:http';

type Headers = Record<string, string>;

/**
 * The headers of an agent's request that reach the model. All others are dropped, above all credentials, and
 * headers by which servers in between choose another destination.
 */
const REQUEST =
  /^(?:accept|anthropic-(?:beta|dangerous-direct-browser-access|version)|content-type|user-agent|x-amzn-bedrock-[a-z-]+|x-app|x-claude-[a-z0-9-]+|x-client-request-id|x-stainless-[a-z-]+)$/;

/** The headers of a response that reach the agent. No cookie, address or alternative service does. */
const RESPONSE =
  /^(?:anthropic-ratelimit-[a-z-]+|content-encoding|content-type|request-id|retry-after|retry-after-ms|x-amzn-bedrock-[a-z-]+|x-amzn-errortype|x-amzn-requestid|x-should-retry)$/;

export function requestHeaders(headers: IncomingHttpHeaders): Headers {
  return {
    ...pick(headers, REQUEST),
    // Tokens are counted while the response streams.
    'accept-encoding': 'identity',
  };
}

export function responseHeaders(headers: IncomingHttpHeaders): Headers {
  return pick(headers, RESPONSE);
}

function pick(headers: IncomingHttpHeaders, pattern: RegExp): Headers {
  const passed: Headers = {};
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string' && pattern.test(name)) passed[name] = value;
  }
  return passed;
}

/** Adds headers with credentials. They replace those of the agent, except that features of both are requested. */
export function withSecrets(headers: Headers, secrets: Readonly<Headers>): Headers {
  const betas = [headers['anthropic-beta'], secrets['anthropic-beta']].filter(Boolean).join(',');
  return { ...headers, ...secrets, ...(betas && { 'anthropic-beta': betas }) };
}

/** Removes the values of secret headers from a text. */
export function redact(text: string, secrets: Readonly<Headers>): string {
  let redacted = text;
  for (const value of Object.values(secrets)) {
    for (const secret of [value, value.replace(/^(?:Bearer|Basic) /i, '')]) {
      if (secret.length >= 6) redacted = redacted.replaceAll(secret, '[removed]');
    }
  }
  return redacted;
}
