import type { SdkFactory } from '../engine/agent-client.js';
import type { AgentSandbox, SandboxLimits } from '../engine/agent-sandbox.js';
import type { EngineLogger } from '../engine/engine-logger.js';
import { SandboxUnavailableError } from '../engine/errors.js';
import { TIMED_OUT, within } from '../engine/timing/within.js';
import type { SandboxChoice } from '../options/groups/sandbox.js';

/** How long a sandbox may take to find out if it works, in milliseconds. */
const CHECK_TIMEOUT_MS = 15_000;

const RISK = 'agents can read and change everything that the server can';
const ACCEPT =
  "To accept this risk, set the option sandbox: { use: 'none' }, in the standalone server AGENT_WEBKIT_SANDBOX=none.";

/** The parts of a {@link ChosenSandbox}. */
export interface ChosenSandboxParts {
  /** The sandbox that is used if it works; null where the host chose none. */
  readonly sandbox: AgentSandbox | null;
  readonly use: SandboxChoice;
  /** The limits of each agent. */
  readonly limits: SandboxLimits;
  /** As in `SdkFactory.usesWalls`. */
  readonly usesWalls: boolean | undefined;
  readonly isProduction: boolean;
  readonly logger: EngineLogger;
}

/** The parts of a {@link ChosenSandbox} that the options do not contain. */
export interface ChosenSandboxPorts extends Pick<ChosenSandboxParts, 'sandbox' | 'logger'> {
  readonly sdkFactory: Pick<SdkFactory, 'usesWalls'>;
}

/** The server does not start, because its agents would have no sandbox. */
export class SandboxRequiredError extends Error {
  override readonly name = 'SandboxRequiredError';
}

/**
 * The sandbox of all agents of a server, which is checked once at boot.
 *
 * A server that other machines can reach starts no agents without a working sandbox, unless the host chose
 * none. Before {@link open} it refuses to start; when its address is known only later, it starts no more agents.
 */
export class ChosenSandbox {
  readonly #parts: ChosenSandboxParts;
  /** Why other machines can reach this server; null while none can, as far as it is known. */
  #reachable: string | null;
  /** The result of the check: null when the sandbox works; undefined before the check. */
  #problem: string | null | undefined;
  #opened: Promise<void> | null = null;

  constructor(parts: ChosenSandboxParts) {
    this.#parts = parts;
    this.#reachable = parts.isProduction ? 'NODE_ENV is production' : null;
  }

  /** Returns the sandbox of the options, in this process. */
  static of(
    { use, ...limits }: SandboxLimits & { readonly use: SandboxChoice },
    { sandbox, sdkFactory, logger }: ChosenSandboxPorts,
  ): ChosenSandbox {
    const isProduction = process.env['NODE_ENV'] === 'production';
    const { usesWalls } = sdkFactory;
    return new ChosenSandbox({ sandbox, use, limits, usesWalls, isProduction, logger });
  }

  /** The sandbox of an agent that starts now; null for none. */
  get current(): AgentSandbox | null {
    return this.#problem === null ? this.#parts.sandbox : null;
  }

  /** True when an agent that needs walls must not start without them. */
  get isRequired(): boolean {
    const { sandbox, use } = this.#parts;
    if (sandbox === null) return false;
    return use !== 'auto' || this.#reachable !== null || this.#problem === undefined;
  }

  /** The name of the sandbox that agents run in; null when the agents do not say that they use it. */
  get name(): string | null {
    return this.#parts.usesWalls === true ? (this.current?.name ?? 'none') : null;
  }

  /**
   * Checks the sandbox, once.
   *
   * @throws SandboxRequiredError when the server must not start without it
   */
  open(): Promise<void> {
    this.#opened ??= this.#open();
    return this.#opened;
  }

  /**
   * Notes that other machines can reach this server. Call it before {@link open} if the address is known
   * by then.
   *
   * @param reason completes the sentence "other machines can reach this server: ..."
   * @returns true if agents without walls may run by now, and must be stopped
   */
  markReachable(reason: string): boolean {
    if (this.#reachable !== null) return false;
    this.#reachable = reason;
    if (this.#problem === undefined) return false;
    this.#warnOfNone();
    if (!this.#isRefusing) return false;
    this.#parts.logger.error(
      `No agents are started. ${this.#refusal()} A server for yourself can listen on 127.0.0.1.`,
    );
    return true;
  }

  /** @throws SandboxUnavailableError when no agent may start */
  assertAgents(): void {
    if (this.#isRefusing) throw new SandboxUnavailableError();
  }

  get #isRefusing(): boolean {
    return this.#parts.usesWalls === true && this.isRequired && this.current === null;
  }

  async #open(): Promise<void> {
    const { sandbox, use, usesWalls, limits, logger } = this.#parts;
    // Agents that run no command need no sandbox, unless the host asks for one in words.
    const isNeeded = sandbox !== null && (usesWalls !== false || use !== 'auto');
    const problem = isNeeded ? await check(sandbox) : null;
    this.#problem = problem;
    this.#warnOfNone();
    if (usesWalls === true && this.current) {
      logger.log(`Agents run in the sandbox ${this.current.name}.`);
      const held = this.current.describeLimits?.(limits);
      if (held !== undefined) logger.log(held);
    }
    if (!isNeeded || problem === null) return;
    if (use !== 'auto' || this.#isRefusing) throw new SandboxRequiredError(this.#refusal());
    if (usesWalls === true) {
      logger.warn(`No sandbox works on this machine, so ${RISK}. ${problem} ${ACCEPT}`);
    }
  }

  #warnOfNone(): void {
    const { sandbox, usesWalls, logger } = this.#parts;
    if (sandbox !== null || usesWalls !== true || this.#reachable === null) return;
    logger.warn(
      `Agents run without a sandbox, because the option 'sandbox.use' is 'none': ${RISK}. ` +
        `Other machines can reach this server: ${this.#reachable}.`,
    );
  }

  #refusal(): string {
    const { use } = this.#parts;
    const why =
      use === 'auto'
        ? `other machines can reach this server: ${this.#reachable}`
        : `the option 'sandbox.use' requires one`;
    return `No sandbox works on this machine, and ${why}. Without one, ${RISK}. ${this.#problem} ${ACCEPT}`;
  }
}

async function check(sandbox: AgentSandbox): Promise<string | null> {
  const found = await within(CHECK_TIMEOUT_MS, sandbox.check()).catch(String);
  if (found !== TIMED_OUT) return found;
  return `The sandbox ${sandbox.name} was not ready within ${CHECK_TIMEOUT_MS} ms.`;
}

/** Returns the sandbox that the option `sandbox.use` names; null for none. */
export function sandboxFor(use: SandboxChoice, ofSystem: () => AgentSandbox): AgentSandbox | null {
  if (use === 'none') return null;
  return typeof use === 'string' ? ofSystem() : use;
}
