import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError } from './api-error.js';
import type { BodyBudget } from './body-budget.js';
import { Exchange } from './exchange.js';
import type { ModelMeter } from './model-meter.js';
import type { Outages } from './outages.js';
import type { PermittedModels } from './permitted-models.js';
import type { ModelProvider, ModelTarget } from './provider.js';
import type { Upstream } from './upstream.js';
import { failureOf, UpstreamFailure } from './upstream-failure.js';

export interface ExchangeParts {
  readonly provider: ModelProvider;
  readonly upstream: Upstream;
  /** The meter of the session, which outlives these requests. */
  readonly meter: ModelMeter;
  readonly outages: Outages;
  /** The models that a request may name; null for any. */
  readonly models: PermittedModels | null;
  readonly bodies: BodyBudget;
  readonly maxRequests: number;
}

/** The requests of one agent: decides which ones are sent to the model, and how many at the same time. */
export class Exchanges {
  readonly #parts: ExchangeParts;
  readonly #running = new Set<Exchange>();
  #isClosed = false;

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
  }

  /** Answers a request, with the response of the model or with an error. Never rejects. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A connection that breaks is reported by `close`.
    request.on('error', () => {});
    response.on('error', () => {});
    try {
      const target = this.#admit(request);
      const exchange = new Exchange(this.#parts, target, request, response);
      this.#running.add(exchange);
      try {
        await exchange.run();
      } finally {
        this.#running.delete(exchange);
      }
    } catch (error) {
      const failure = error instanceof ApiError ? error : failureOf(error);
      if (failure instanceof UpstreamFailure) this.#parts.outages.failed(failure.message);
      failure.send(response);
    }
  }

  /** Ends all requests. */
  close(): void {
    this.#isClosed = true;
    for (const exchange of this.#running) exchange.abort();
  }

  #admit(request: IncomingMessage): ModelTarget {
    const { provider, meter, models, bodies, maxRequests } = this.#parts;
    const { method, url = '', headers } = request;
    const target = method === 'POST' ? provider.findTarget(url) : null;
    if (target === null || headers.upgrade !== undefined) {
      throw new ApiError(
        403,
        'permission_error',
        'The model gateway forwards only the requests that generate messages or count tokens.',
      );
    }
    if (headers['content-encoding'] !== undefined) {
      throw new ApiError(
        400,
        'invalid_request_error',
        'Send the request without content-encoding.',
      );
    }
    bodies.checkLength(request);
    if (target.model !== null) models?.check([target.model]);
    if (this.#isClosed || this.#running.size >= maxRequests) {
      throw new ApiError(
        429,
        'rate_limit_error',
        `This agent has ${maxRequests} requests to the model at the same time, which is the limit.`,
        1,
      );
    }
    meter.checkTime.assertLeft();
    meter.begin();
    return target;
  }
}
