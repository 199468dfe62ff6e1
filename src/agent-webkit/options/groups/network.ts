import type { Descriptors } from '../descriptor.js';
import { listOrNoneOf, type Rule } from '../rules.js';
import { parsePermittedHost, PERMITTED_HOST_WORDS } from '../../engine/permitted-host.js';

/** The network that agents reach. */
export interface NetworkOptions {
  /**
   * The hosts that agents can reach over HTTP and HTTPS: names such as `registry.npmjs.org`, and
   * `*.example.org` for all names below one. The ports are 80 and 443; `example.org:8443` names another
   * one. Private, loopback and link-local addresses are refused, also where a permitted name leads to
   * one. The model is reached in any case. `configureSession` can return other hosts for one session.
   *
   * @default no hosts
   */
  readonly allow?: readonly string[];
}

const permittedHost: Rule<string> = {
  words: PERMITTED_HOST_WORDS,
  accepts: (value): value is string => parsePermittedHost(value) !== null,
  allowsNull: false,
  text: { parse: (text) => text },
};

export const NETWORK = {
  allow: {
    rule: listOrNoneOf(PERMITTED_HOST_WORDS, permittedHost),
    computeDefault: () => [],
    defaultText: 'no hosts',
    variable: 'AGENT_WEBKIT_ALLOWED_HOSTS',
    effect:
      'The hosts that agents can reach over HTTP and HTTPS. Addresses of private networks are refused. See [Network](./sandbox.md#network).',
  },
} satisfies Descriptors<NetworkOptions>;
