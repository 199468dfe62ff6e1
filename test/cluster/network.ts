import { execFile, execFileSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { promisify } from 'node:util';
import { describeNeeding } from '../support/needs.js';
import type { Host } from '../durability/real-server.js';

const run = promisify(execFile);

/** The table of a host's rules. */
const TABLE = 'cut';

/** `describe` for tests that create hosts with a network of their own. */
export const describeNetwork = describeNeeding(findMissing());

function findMissing(): string | null {
  const probe = `aw-probe-${randomBytes(3).toString('hex')}`;
  try {
    execFileSync('ip', ['netns', 'add', probe], { stdio: 'ignore' });
  } catch {
    return 'Network namespaces cannot be created: run as root, with iproute2.';
  }
  try {
    execFileSync('ip', ['netns', 'exec', probe, 'nft', 'add', 'table', 'inet', TABLE], {
      stdio: 'ignore',
    });
    return null;
  } catch {
    return 'nft cannot drop packets in a network namespace.';
  } finally {
    execFileSync('ip', ['netns', 'delete', probe], { stdio: 'ignore' });
  }
}

/** A host in a network namespace, whose packets can be dropped. */
export class NetworkHost implements Host {
  constructor(
    readonly namespace: string,
    readonly address: string,
  ) {}

  command(program: string, args: readonly string[]): readonly [string, ...string[]] {
    return ['ip', 'netns', 'exec', this.namespace, program, ...args];
  }

  /** Drops every packet from and to a TCP port of another host, in addition to those that are dropped already. */
  async cut(port: number): Promise<void> {
    const rules = ['input', 'output'].flatMap((hook) => [
      `add chain inet ${TABLE} ${hook} { type filter hook ${hook} priority 0; }`,
      `add rule inet ${TABLE} ${hook} tcp ${hook === 'input' ? 'sport' : 'dport'} ${port} drop`,
    ]);
    await this.#nft([`add table inet ${TABLE}`, ...rules].join('; '));
  }

  /** Drops no more packets. */
  async heal(): Promise<void> {
    await this.#nft(`add table inet ${TABLE}; delete table inet ${TABLE}`);
  }

  async #nft(commands: string): Promise<void> {
    await run('ip', ['netns', 'exec', this.namespace, 'nft', commands]);
  }
}

/** Hosts that are connected with each other and with this one by a bridge. */
export class Network {
  readonly #bridge: string;

  private constructor(
    bridge: string,
    /** The address of this host. */
    readonly address: string,
    readonly hosts: readonly NetworkHost[],
  ) {
    this.#bridge = bridge;
  }

  static async create(size: number): Promise<Network> {
    // Names of interfaces have up to 15 characters.
    const id = randomBytes(3).toString('hex');
    // Of the addresses for tests of networks, which are used nowhere else (RFC 2544).
    const prefix = `198.${randomInt(18, 20)}.${randomInt(256)}`;
    const hosts = Array.from(
      { length: size },
      (_, index) => new NetworkHost(`aw-${id}-${index}`, `${prefix}.${index + 2}`),
    );
    const network = new Network(`awb-${id}`, `${prefix}.1`, hosts);
    try {
      await network.#connect(id);
    } catch (error) {
      await network.remove();
      throw error;
    }
    return network;
  }

  async #connect(id: string): Promise<void> {
    await ip(`link add ${this.#bridge} type bridge`);
    await ip(`address add ${this.address}/24 dev ${this.#bridge}`);
    await ip(`link set ${this.#bridge} up`);
    for (const [index, { namespace, address }] of this.hosts.entries()) {
      const near = `awv-${id}-${index}`;
      /* oxlint-disable no-await-in-loop -- one step after the other */
      await ip(`netns add ${namespace}`);
      await ip(`link add ${near} type veth peer name eth0 netns ${namespace}`);
      await ip(`link set ${near} master ${this.#bridge} up`);
      await ip(`-n ${namespace} address add ${address}/24 dev eth0`);
      await ip(`-n ${namespace} link set eth0 up`);
      await ip(`-n ${namespace} link set lo up`);
      /* oxlint-enable no-await-in-loop */
    }
  }

  /** Removes the hosts. Programs on them must have ended. */
  async remove(): Promise<void> {
    // The interfaces of a host end with it.
    const removals = this.hosts.map(({ namespace }) => ip(`netns delete ${namespace}`));
    await Promise.allSettled(removals);
    await Promise.allSettled([ip(`link delete ${this.#bridge}`)]);
  }
}

async function ip(command: string): Promise<void> {
  await run('ip', command.split(' '));
}
