import { domainToASCII } from 'node:url';

/** An entry of `network.allow`: the hosts and the ports that an agent can reach. */
export interface PermittedHost {
  /** The name in lower case and in ASCII, without `*.` and without a dot at its end. */
  readonly name: string;
  /** True for the names below `name`, and not `name` itself. */
  readonly isWildcard: boolean;
  readonly ports: readonly number[];
}

/** The form of an entry, in words. */
export const PERMITTED_HOST_WORDS =
  'names such as registry.npmjs.org, *.example.org or example.org:8443';

const DEFAULT_PORTS: readonly number[] = [80, 443];
const MAX_NAME_LENGTH = 253;
/**
 * At least two labels, the last of which begins with a letter. So it is no IP address in any spelling: the last part
 * of each begins with a digit, or the address has colons.
 */
const NAME = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Returns the canonical form of a name that a program asks for; null when it is no DNS name, for example an
 * IP address, `localhost`, or a name with characters beyond ASCII.
 */
export function canonicalHostName(text: string): string | null {
  const name = text.toLowerCase().replace(/\.$/, '');
  return name.length <= MAX_NAME_LENGTH && NAME.test(name) ? name : null;
}

/** Returns an entry of `network.allow` in its parts; null when the text is none. */
export function parsePermittedHost(text: unknown): PermittedHost | null {
  if (typeof text !== 'string') return null;
  const [, wildcard, host = '', portText] =
    /^(\*\.)?([^:*]+)(?::([1-9]\d{0,4}))?$/.exec(text) ?? [];
  // A host of an international name may write it as people do.
  const name = canonicalHostName(domainToASCII(host));
  const port = portText === undefined ? null : Number(portText);
  if (name === null || (port !== null && port > 65_535)) return null;
  return {
    name,
    isWildcard: wildcard !== undefined,
    ports: port === null ? DEFAULT_PORTS : [port],
  };
}

/** Returns true when an entry permits the host. Its name must be canonical. */
export function permitsHost({ name, isWildcard }: PermittedHost, asked: string): boolean {
  return isWildcard ? asked.endsWith(`.${name}`) : asked === name;
}
