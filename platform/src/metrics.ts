import type { ServerResponse } from 'node:http';
import {
  collectDefaultMetrics,
  Counter as PromCounter,
  Gauge as PromGauge,
  Histogram as PromHistogram,
  Registry,
} from 'prom-client';

/** A count that only grows. */
export interface Counter<Label extends string> {
  /** @param count @default 1 */
  add(labels: Record<Label, string>, count?: number): void;
}

/** A value of now. */
export interface Gauge<Label extends string> {
  set(labels: Record<Label, string>, value: number): void;
}

/** How long things took, in seconds. */
export interface Histogram<Label extends string> {
  observe(labels: Record<Label, string>, seconds: number): void;
}

export interface MetricOptions<Label extends string> {
  /** As documented in docs/reference/metrics.md. */
  name: string;
  help: string;
  /** Of few and known values each: a label that a client could choose would let it use up our memory. */
  labels?: readonly Label[];
}

/** The metrics of one service. */
export interface Metrics {
  counter<Label extends string = never>(options: MetricOptions<Label>): Counter<Label>;
  gauge<Label extends string = never>(options: MetricOptions<Label>): Gauge<Label>;
  /** A gauge that is asked for when somebody reads it. */
  readGauge<Label extends string = never>(
    options: MetricOptions<Label>,
    read: () => readonly { labels: Record<Label, string>; value: number }[],
  ): void;
  histogram<Label extends string = never>(options: MetricOptions<Label> & { buckets: number[] }): Histogram<Label>;
  /** Prometheus' text exposition. */
  exposition(): Promise<{ contentType: string; text: string }>;
}

export interface MetricsOptions {
  service: string;
  version: string;
  /** Node's own: event-loop lag, heap, garbage collection, file descriptors. @default true */
  ofProcess?: boolean;
}

/** A registry of its own, so that two services in one process would not share a count. */
export function createMetrics({ service, version, ofProcess = true }: MetricsOptions): Metrics {
  const register = new Registry();
  const common = <Label extends string>({ name, help, labels = [] }: MetricOptions<Label>) => ({
    name,
    help,
    labelNames: [...labels],
    registers: [register],
  });
  if (ofProcess) collectDefaultMetrics({ register });
  const build = new PromGauge({
    ...common({ name: 'holdpoint_build_info', help: 'Always 1; which build this is.' }),
    labelNames: ['service', 'version', 'node'],
  });
  build.set({ service, version, node: process.version }, 1);
  return {
    counter(options) {
      const counter = new PromCounter(common(options));
      // A rate needs a first value: a counter that appears with its first event hides that event.
      if ((options.labels ?? []).length === 0) counter.inc(0);
      return { add: (labels, count) => counter.inc(labels, count) };
    },
    gauge(options) {
      const gauge = new PromGauge(common(options));
      return { set: (labels, value) => gauge.set(labels, value) };
    },
    readGauge(options, read) {
      new PromGauge({
        ...common<string>(options),
        collect() {
          this.reset();
          for (const { labels, value } of read()) this.set(labels, value);
        },
      });
    },
    histogram(options) {
      const histogram = new PromHistogram({ ...common(options), buckets: options.buckets });
      return { observe: (labels, seconds) => histogram.observe(labels, seconds) };
    },
    exposition: async () => ({ contentType: register.contentType, text: await register.metrics() }),
  };
}

/** Answers `GET /metrics`. */
export async function sendMetrics(response: ServerResponse, exposition: Metrics['exposition']): Promise<void> {
  const { contentType, text } = await exposition();
  response.writeHead(200, { 'content-type': contentType, 'content-length': String(Buffer.byteLength(text)) });
  response.end(text);
}
