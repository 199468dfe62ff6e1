import { Injectable } from '@nestjs/common';
import type { Health, HealthProblem } from './engine/health.js';
import { SessionEngine } from './engine/registry/session-engine.js';

/** A result as the health check of `@nestjs/terminus` takes it. */
export type AgentWebkitHealthResult<Key extends string> = Record<
  Key,
  | { readonly status: 'up' }
  | { readonly status: 'down'; readonly problems: readonly HealthProblem['code'][] }
>;

/**
 * Tells whether this server takes new work: it has started and does not stop, its storage answers, and no sandbox is
 * missing that its agents need. For readiness probes, alone or as an indicator of `@nestjs/terminus`.
 */
@Injectable()
export class AgentWebkitHealth {
  readonly #engine: SessionEngine;

  /** @internal */
  constructor(engine: SessionEngine) {
    this.#engine = engine;
  }

  /** Resolves to the problems of this server, within about two seconds. Never rejects. */
  check(): Promise<Health> {
    return this.#engine.health();
  }

  /**
   * Resolves to the result of an indicator of `@nestjs/terminus`.
   *
   * @param key the name of the indicator in the result
   * @example
   * this.health.check([() => this.agents.indicate('agents')]);
   */
  async indicate<Key extends string>(key: Key): Promise<AgentWebkitHealthResult<Key>> {
    const { problems } = await this.check();
    const result =
      problems.length === 0
        ? ({ status: 'up' } as const)
        : ({ status: 'down', problems: problems.map(({ code }) => code) } as const);
    return { [key]: result } as AgentWebkitHealthResult<Key>;
  }
}
