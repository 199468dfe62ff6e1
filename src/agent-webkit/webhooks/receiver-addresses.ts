import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { isPublicAddress } from '../gateway/network/public-address.js';

/** How many addresses an error names. */
const MAX_NAMED = 3;

/** Resolves a name to all its addresses. */
export type Resolve = (name: string) => Promise<readonly string[]>;

/** The addresses of the receiver of webhooks, which may be connected to. */
export class ReceiverAddresses {
  readonly #host: string;
  readonly #allowPrivate: boolean;
  readonly #resolve: Resolve;
  /** The lookup that runs. There is at most one: each may keep a thread of the process for long. */
  #pending: Promise<readonly string[]> | null = null;

  /** @param host a name or an IP address, without brackets */
  constructor(host: string, allowPrivate: boolean, resolve: Resolve = resolveBySystem) {
    this.#host = host;
    this.#allowPrivate = allowPrivate;
    this.#resolve = resolve;
  }

  /**
   * Resolves the name now, and returns the addresses that may be connected to. Connect to no others: the
   * name may lead elsewhere a moment later.
   *
   * @throws Error when there is none
   */
  async find(): Promise<readonly string[]> {
    const all = isIP(this.#host) ? [this.#host] : await this.#lookup();
    const permitted = this.#allowPrivate ? all : all.filter(isPublicAddress);
    if (permitted.length > 0) return permitted;
    const found = isIP(this.#host) ? '' : `, only ${all.slice(0, MAX_NAMED).join(', ')}`;
    throw new Error(
      `The host ${this.#host} has no public address${found}. Set \`notify.allowPrivate\` ` +
        '(AGENT_WEBKIT_WEBHOOK_ALLOW_PRIVATE=1) if the receiver is in a private network.',
    );
  }

  #lookup(): Promise<readonly string[]> {
    this.#pending ??= this.#resolve(this.#host).finally(() => (this.#pending = null));
    return this.#pending;
  }
}

async function resolveBySystem(name: string): Promise<readonly string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address);
}
