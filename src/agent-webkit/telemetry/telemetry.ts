import type { MeterProvider } from '@opentelemetry/api';
import type { Census } from '../engine/census.js';
import type { EngineLogger } from '../engine/engine-logger.js';
import { type EngineObserver, observeAll } from '../engine/engine-observer.js';
import type { MeterProviderLike } from '../options/groups/telemetry.js';
import { createMetrics } from './metrics.js';
import { shareGauges } from './shared-gauges.js';

export interface TelemetrySettings {
  readonly metrics: boolean | MeterProviderLike;
}

/** The name by which OpenTelemetry knows this package. */
const SCOPE = 'nestjs-agent-webkit';

/** Measures an engine by OpenTelemetry. Without the package `@opentelemetry/api`, it measures nothing. */
export class Telemetry {
  readonly #settings: TelemetrySettings;
  readonly #observers: EngineObserver[] = [];
  /** Receives what happens in the engine. It never throws. */
  readonly observer: Required<EngineObserver>;
  #end = (): void => undefined;

  constructor(settings: TelemetrySettings, logger: Pick<EngineLogger, 'error'>) {
    this.#settings = settings;
    this.observer = observeAll(this.#observers, logger);
  }

  /** Begins to measure. Facts before it are not counted. Resolves at once where nothing is to be measured. */
  async open(takeCensus: () => Promise<Census>): Promise<void> {
    const { metrics: setting } = this.#settings;
    if (setting === false) return;
    const api = await import('@opentelemetry/api').catch(() => null);
    if (!api) return;
    const provider = setting === true ? api.metrics.getMeterProvider() : (setting as MeterProvider);
    const meter = provider.getMeter(SCOPE);
    this.#observers.push(createMetrics(meter));
    this.#end = shareGauges(provider, meter, takeCensus);
  }

  /** Ends the gauges. */
  close(): void {
    this.#end();
  }
}
