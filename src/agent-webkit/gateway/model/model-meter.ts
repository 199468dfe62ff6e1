import type { ModelLimits } from '../../engine/agent-client.js';
import { ApiError } from './api-error.js';
import { CheckTime } from './check-time.js';
import { RateBucket } from './rate-bucket.js';

/** How many lines about refused requests of one session are logged in a minute. */
const LOGGED_PER_MINUTE = 1;

/** Counts what one session uses of the model and of the gateway, and refuses more than it may. */
export class ModelMeter {
  /** The processor time that the checks of the session's requests may take. */
  readonly checkTime = new CheckTime();
  readonly limits: ModelLimits;
  readonly #requests: RateBucket | null;
  readonly #tokens: RateBucket | null;
  readonly #lines = new RateBucket(LOGGED_PER_MINUTE);
  readonly #log: (reason: string) => void;

  /** @param log receives the reason of a refused request, at most once in a minute */
  constructor(limits: ModelLimits = NO_LIMITS, log: (reason: string) => void = () => {}) {
    const { modelRequestsPerMinute, modelTokensPerMinute } = limits;
    this.limits = limits;
    this.#log = log;
    this.#requests =
      modelRequestsPerMinute === null ? null : new RateBucket(modelRequestsPerMinute);
    this.#tokens = modelTokensPerMinute === null ? null : new RateBucket(modelTokensPerMinute);
  }

  /** True when the session has as much left as a new one, so that a new meter would do the same. */
  get isFull(): boolean {
    return [this.#requests, this.#tokens, this.checkTime].every((left) => left?.isFull ?? true);
  }

  /** Records a request. @throws ApiError when the session has to wait */
  begin(): void {
    const waits = { requests: this.#requests?.waitS ?? 0, tokens: this.#tokens?.waitS ?? 0 };
    const waitS = Math.max(waits.requests, waits.tokens);
    if (waitS > 0) {
      this.#logRefusal(waits.tokens === waitS ? 'modelTokensPerMinute' : 'modelRequestsPerMinute');
      throw new ApiError(
        429,
        'rate_limit_error',
        `This session has reached the server's limit of its requests to the model. Try again in ${waitS} s.`,
        waitS,
      );
    }
    this.#requests?.take(1);
  }

  /** Records tokens of a response. */
  add(tokens: number): void {
    this.#tokens?.take(tokens);
  }

  #logRefusal(option: keyof ModelLimits): void {
    if (this.#lines.waitS > 0) return;
    this.#lines.take(1);
    this.#log(`It has reached the limit agent.${option}, which is ${this.limits[option]}.`);
  }
}

const NO_LIMITS: ModelLimits = { modelRequestsPerMinute: null, modelTokensPerMinute: null };
