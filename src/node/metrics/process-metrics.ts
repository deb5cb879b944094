import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { MetricFamily } from './families.ts';

/** How often the delay of the event loop is sampled. */
const RESOLUTION_MS = 20;

/** The part of Node's histogram of event loop delays that is used; nanoseconds. */
interface DelayHistogram {
  readonly max: number;
  enable(): boolean;
  percentile(percent: number): number;
  reset(): void;
}

/** What the process costs, under the names that Node.js dashboards know. */
export class ProcessMetrics {
  /** Sampling begins with the first scrape, so that who never scrapes pays nothing. */
  #delay: DelayHistogram | undefined;
  readonly #monitor: (options: { resolution: number }) => DelayHistogram;

  constructor(monitor: (options: { resolution: number }) => DelayHistogram = monitorEventLoopDelay) {
    this.#monitor = monitor;
  }

  /** The families now; the delay of the event loop is since the collection before. */
  collect(utcMs: number): MetricFamily[] {
    const cpu = process.cpuUsage();
    const memory = process.memoryUsage();
    return [
      counter('process_cpu_seconds_total', 'CPU time, user and system.', (cpu.user + cpu.system) / 1e6),
      gauge('process_start_time_seconds', 'Start of the process, Unix time.', utcMs / 1000 - process.uptime()),
      gauge('process_resident_memory_bytes', 'Resident memory.', memory.rss),
      gauge('nodejs_heap_size_used_bytes', 'JavaScript heap in use.', memory.heapUsed),
      gauge('nodejs_external_memory_bytes', 'Memory outside of the heap, audio included.', memory.external),
      ...this.#delays(),
    ];
  }

  #delays(): MetricFamily[] {
    if (!this.#delay) {
      this.#delay = this.#monitor({ resolution: RESOLUTION_MS });
      this.#delay.enable();
      return [];
    }
    const seconds = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1000);
    const sampled = this.#delay.max > 0;
    const families = [
      gauge(
        'nodejs_eventloop_lag_p50_seconds',
        'Delay of the event loop, median.',
        seconds(this.#delay.percentile(50)),
      ),
      gauge('nodejs_eventloop_lag_p99_seconds', 'Delay of the event loop, p99.', seconds(this.#delay.percentile(99))),
      gauge('nodejs_eventloop_lag_max_seconds', 'Delay of the event loop, longest.', seconds(this.#delay.max)),
    ];
    this.#delay.reset();
    return sampled ? families : [];
  }
}

function counter(name: string, help: string, value: number): MetricFamily {
  return { kind: 'counter', name, help, samples: [{ labels: {}, value }] };
}

function gauge(name: string, help: string, value: number): MetricFamily {
  return { kind: 'gauge', name, help, samples: [{ labels: {}, value }] };
}
