import type { ChainedTable } from '@holdpoint/core';
import type { Metrics } from '@holdpoint/platform';
import type { CompletenessObserver } from './completeness/observer.ts';
import type { IntakeObserver } from './intake/observer.ts';
import type { StoreObserver } from './store/observer.ts';

/** What the audit sink counts, by the part that tells it. Labels are of few and known values. */
export interface SinkMetrics {
  intake: IntakeObserver;
  store: StoreObserver;
  completeness: CompletenessObserver;
  /** A question was answered, with this HTTP code; 0 when whoever asked had gone. */
  queryAnswered(code: number, seconds: number): void;
  policiesReadable(isReadable: boolean): void;
}

/** What is read when somebody asks for the metrics. */
export interface SinkGauges {
  /** In bytes, as it lies on disk. */
  spoolBytes: () => number;
  spoolMaxBytes: number;
  isStoreOpen: () => boolean;
}

/** Around the goal for an acknowledgement (0.1 s), to where the API server gives a POST up (30 s). */
const acknowledgementBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** A batch is through within tens of milliseconds where the store is this process, and within seconds where it is busy. */
const loadBuckets = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export function createSinkMetrics(metrics: Metrics): SinkMetrics {
  const events = metrics.counter({
    name: 'holdpoint_auditsink_events_total',
    help: 'Audit events on disk, by who told of them; those sent again count again.',
    labels: ['source'],
  });
  const stubs = metrics.counter({
    name: 'holdpoint_auditsink_stubs_total',
    help: 'Events that are not kept whole, by reason.',
    labels: ['reason'],
  });
  const collisions = metrics.counter({
    name: 'holdpoint_auditsink_audit_id_collisions_total',
    help: 'Events whose audit id and stage had come with another content: a forged Audit-ID, or a mistake.',
  });
  const posts = metrics.counter({
    name: 'holdpoint_auditsink_posts_total',
    help: 'POSTs to the intake, by what they were answered; code 0: the sender had gone.',
    labels: ['path', 'code'],
  });
  const postBytes = metrics.counter({
    name: 'holdpoint_auditsink_post_bytes_total',
    help: 'Bytes of POSTs to the intake, uncompressed.',
    labels: ['path'],
  });
  const acknowledgements = metrics.histogram({
    name: 'holdpoint_auditsink_acknowledgement_duration_seconds',
    help: 'From the head of a POST to its acknowledgement, when it is on disk.',
    labels: ['path'],
    buckets: acknowledgementBuckets,
  });
  const busy = metrics.counter({
    name: 'holdpoint_auditsink_busy_refusals_total',
    help: 'POSTs refused because too many were under way.',
  });
  const stored = metrics.counter({
    name: 'holdpoint_auditsink_rows_stored_total',
    help: 'Rows that the store took.',
    labels: ['table'],
  });
  const loads = metrics.histogram({
    name: 'holdpoint_auditsink_load_duration_seconds',
    help: 'How long a batch takes from the spool to the store, its plan included.',
    buckets: loadBuckets,
  });
  const waiting = metrics.gauge({
    name: 'holdpoint_auditsink_waiting_bytes',
    help: 'Bytes of the spool that the store does not have yet, after the last batch.',
  });
  const failures = metrics.counter({
    name: 'holdpoint_auditsink_load_failures_total',
    help: 'Batches that the store did not take; each is tried again.',
  });
  const refused = metrics.counter({
    name: 'holdpoint_auditsink_rows_refused_total',
    help: 'Rows that became stubs because the store does not take what they say.',
    labels: ['table'],
  });
  const missing = metrics.counter({
    name: 'holdpoint_auditsink_events_missing_total',
    help: 'Events that API servers have counted and that will not come any more.',
  });
  const scraped = metrics.gauge({
    name: 'holdpoint_auditsink_apiserver_scrape_timestamp_seconds',
    help: 'When an API server last told its audit counters, in seconds since 1970.',
    labels: ['apiserver'],
  });
  const scrapeFailures = metrics.counter({
    name: 'holdpoint_auditsink_apiserver_scrape_failures_total',
    help: 'Times that an API server did not tell its audit counters.',
    labels: ['apiserver'],
  });
  const queries = metrics.histogram({
    name: 'holdpoint_auditsink_query_duration_seconds',
    help: 'How long questions took, by what they were answered; code 0: whoever asked had gone.',
    labels: ['code'],
    buckets: loadBuckets,
  });
  const readable = metrics.gauge({
    name: 'holdpoint_auditsink_policies_readable',
    help: '1 when it is known who is governed.',
  });
  return {
    intake: {
      eventsTaken: (source, count) => events.add({ source }, count),
      stubbed: (reason) => stubs.add({ reason }),
      auditIdCollision: () => collisions.add({}),
      postAnswered({ path, code, bytes, seconds }) {
        posts.add({ path, code: String(code) });
        postBytes.add({ path }, bytes);
        if (code === 200) acknowledgements.observe({ path }, seconds);
      },
      refusedAsBusy: () => busy.add({}),
    },
    store: {
      stored: (table: ChainedTable, rows) => stored.add({ table }, rows),
      loaded(seconds, waitingBytes) {
        loads.observe({}, seconds);
        waiting.set({}, waitingBytes);
      },
      failed: () => failures.add({}),
      refused: (table) => refused.add({ table }),
    },
    completeness: {
      eventsMissing: (count) => missing.add({}, count),
      scraped: (apiserver, atMs) => scraped.set({ apiserver }, atMs / 1_000),
      scrapeFailed: (apiserver) => scrapeFailures.add({ apiserver }),
    },
    queryAnswered: (code, seconds) => queries.observe({ code: String(code) }, seconds),
    policiesReadable: (isReadable) => readable.set({}, isReadable ? 1 : 0),
  };
}

export function registerSinkGauges(metrics: Metrics, { spoolBytes, spoolMaxBytes, isStoreOpen }: SinkGauges): void {
  metrics.readGauge({ name: 'holdpoint_auditsink_spool_bytes', help: 'Bytes of the spool, on disk.' }, () => [
    { labels: {}, value: spoolBytes() },
  ]);
  metrics.readGauge({ name: 'holdpoint_auditsink_spool_max_bytes', help: 'Past this the intake answers 503.' }, () => [
    { labels: {}, value: spoolMaxBytes },
  ]);
  metrics.readGauge(
    { name: 'holdpoint_auditsink_store_open', help: '1 when the store is open, and can be asked.' },
    () => [{ labels: {}, value: isStoreOpen() ? 1 : 0 }],
  );
}
