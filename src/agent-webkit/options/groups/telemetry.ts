import type { Descriptors } from '../descriptor.js';
import { hidden, type Rule } from '../rules.js';

/** A `MeterProvider` of OpenTelemetry, such as that of `@opentelemetry/sdk-metrics`. */
export interface MeterProviderLike {
  getMeter(name: string, version?: string): object;
}

/** The measurements of the server. */
export interface TelemetryOptions {
  /**
   * Metrics by `@opentelemetry/api`. True for the `MeterProvider` that the process has registered with it, if that package is
   * installed; a `MeterProvider` of your own; or false for none.
   *
   * @default true
   */
  readonly metrics?: boolean | MeterProviderLike;
}

const metricsRule: Rule<boolean | MeterProviderLike> = {
  words: 'true, false, or a MeterProvider: { getMeter }',
  accepts: (value): value is boolean | MeterProviderLike =>
    typeof value === 'boolean' ||
    (typeof value === 'object' &&
      value !== null &&
      typeof (value as Partial<MeterProviderLike>).getMeter === 'function'),
  allowsNull: false,
  show: hidden,
};

export const TELEMETRY = {
  metrics: {
    rule: metricsRule,
    default: true as const,
    effect:
      'Metrics by `@opentelemetry/api`: `true` for the registered `MeterProvider`, if the package is installed; a `MeterProvider` of your own; `false` for none. See [Metrics](./metrics.md).',
  },
} satisfies Descriptors<TelemetryOptions>;
