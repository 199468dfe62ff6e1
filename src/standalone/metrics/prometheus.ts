import type { MeterProvider } from '@opentelemetry/api';
import { SettingError } from '../read-setting.js';
import { measureProcess } from './process-metrics.js';

/** The metrics of this process, in the format of Prometheus. */
export interface Prometheus {
  readonly provider: MeterProvider;
  /** Collects all metrics now. Rejects when none can be collected. */
  collect(): Promise<string>;
  close(): Promise<void>;
}

/** @throws SettingError when the packages of OpenTelemetry are not installed */
export async function createPrometheus(): Promise<Prometheus> {
  const { exporter: exporters, sdk } = await load();
  const exporter = new exporters.PrometheusExporter({ preventServerStart: true });
  const serializer = new exporters.PrometheusSerializer(undefined, false, undefined, true, true);
  const provider = new sdk.MeterProvider({ readers: [exporter] });
  const endMeasuring = measureProcess(provider);
  return {
    provider,
    collect: async () => {
      const { resourceMetrics, errors } = await exporter.collect();
      if (errors.length > 0) throw new AggregateError(errors, 'Some metrics could not be read.');
      return serializer.serialize(resourceMetrics);
    },
    close: async () => {
      endMeasuring();
      await provider.shutdown();
    },
  };
}

async function load() {
  try {
    const exporter = await import('@opentelemetry/exporter-prometheus');
    const sdk = await import('@opentelemetry/sdk-metrics');
    return { exporter, sdk };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new SettingError(
      'AGENT_WEBKIT_METRICS_TOKEN and AGENT_WEBKIT_METRICS_PORT require OpenTelemetry. Run `npm install @opentelemetry/api ' +
        '@opentelemetry/sdk-metrics @opentelemetry/exporter-prometheus`, or unset them.',
    );
  }
}
