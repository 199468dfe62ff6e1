import { type MeterProvider as Provider } from '@opentelemetry/sdk-metrics';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';

class ManualReader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }

  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

/** A point of a metric: the number, or the count and the sum of a histogram. */
export interface Point {
  attributes: Record<string, unknown>;
  value: number | { count: number; sum?: number };
}

/** The metrics of a process, in memory. */
export class MeteredProcess {
  readonly #reader = new ManualReader();
  readonly provider: Provider = new MeterProvider({ readers: [this.#reader] });

  /** Collects all metrics now, and returns them by name. */
  async collect(): Promise<Map<string, { unit: string; points: Point[] }>> {
    const { resourceMetrics, errors } = await this.#reader.collect();
    if (errors.length > 0) throw new AggregateError(errors);
    const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
    return new Map(
      metrics.map(({ descriptor: { name, unit }, dataPoints }) => [
        name,
        { unit, points: dataPoints },
      ]),
    );
  }

  /** Returns the point of a metric with these attributes; null without one. */
  async read(name: string, attributes: object = {}): Promise<Point['value'] | null> {
    const points = (await this.collect()).get(name)?.points ?? [];
    const wanted = Object.entries(attributes);
    const found = points.find((point) =>
      wanted.every(([key, value]) => point.attributes[key] === value),
    );
    return found?.value ?? null;
  }
}
