import { Counter, Gauge, Registry } from 'prom-client';
import type { MetricFamily } from './families.ts';

/** The content type of the text. */
export const METRICS_CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/**
 * Families in Prometheus' text format. The registry lives for one scrape: the node's counters are already
 * totals, and what is gone leaves no stale sample.
 */
export function renderMetrics(families: readonly MetricFamily[]): Promise<string> {
  const registry = new Registry();
  for (const { kind, name, help, samples } of families) {
    // A metric without samples would be shown as one sample without labels.
    if (samples.length === 0) continue;
    const labelNames = [...new Set(samples.flatMap(({ labels }) => Object.keys(labels)))];
    const options = { name, help, labelNames, registers: [registry] };
    if (kind === 'counter') {
      const metric = new Counter(options);
      for (const { labels, value } of samples) metric.inc(labels, value);
    } else {
      const metric = new Gauge(options);
      for (const { labels, value } of samples) metric.set(labels, value);
    }
  }
  return registry.metrics();
}
