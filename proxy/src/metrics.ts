import type { Metrics } from '@holdpoint/platform';
import type { PauseEnd } from './pause/pause.ts';
import { streamKindOf, type StreamKind } from './streams/stream-request.ts';
import type { SessionEnd } from './streams/stream-session.ts';
import type { Exchange, ExchangeEnd } from './transcript/exchange.ts';
import type { TranscriptObserver } from './transcript/transcript.ts';

/** What the proxy keeps a copy of. */
export type WatchedResource = 'accesspolicies' | 'holds' | 'grants' | 'apiservices';

/** What the proxy counts. Labels are of few and known values: never a subject, a name or a namespace. */
export interface ProxyMetrics {
  requestEnded(exchange: Exchange, end: ExchangeEnd): void;
  streamOpened(kind: StreamKind): void;
  watchBroke(resource: WatchedResource): void;
  transcript: TranscriptObserver;
}

/** What is read when somebody asks for the metrics. */
export interface ProxyGauges {
  pauses: () => { requests: number; bytes: number };
  /** Upgraded connections. */
  streams: () => number;
  transcript: () => { events: number; bytes: number };
}

const verbs: ReadonlySet<string> = new Set([
  ...['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'],
  // Of what is no resource: the method.
  ...['post', 'put', 'head'],
]);
/** The API server answers most reads within milliseconds; a write may take its 34 s. */
const upstreamBuckets = [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** From an approver who waits for it, to `pauseFor`. */
const pauseBuckets = [1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600];

export function createProxyMetrics(metrics: Metrics): ProxyMetrics {
  const requests = metrics.counter({
    name: 'holdpoint_proxy_requests_total',
    help: 'Requests that are over, by verb and by the code of their answer; 0: the client had gone.',
    labels: ['verb', 'code'],
  });
  const upstream = metrics.histogram({
    name: 'holdpoint_proxy_upstream_duration_seconds',
    help: 'From sending a request to the API server to the head of its answer, all attempts together.',
    labels: ['verb'],
    buckets: upstreamBuckets,
  });
  const refusals = metrics.counter({
    name: 'holdpoint_proxy_refusals_total',
    help: 'Requests that the proxy refused itself, by the code of its Status.',
    labels: ['code'],
  });
  const pauses = metrics.counter({
    name: 'holdpoint_proxy_pauses_total',
    help: 'Requests that were held, by how that ended.',
    labels: ['outcome'],
  });
  const paused = metrics.histogram({
    name: 'holdpoint_proxy_pause_duration_seconds',
    help: 'From the first sending of a held request to the end of the wait.',
    labels: ['outcome'],
    buckets: pauseBuckets,
  });
  const masked = metrics.counter({
    name: 'holdpoint_proxy_masked_values_total',
    help: 'Values masked in answers.',
  });
  const received = metrics.counter({
    name: 'holdpoint_proxy_received_bytes_total',
    help: 'Bytes of request bodies sent on, and of what clients sent in terminals and port-forwards.',
  });
  const sent = metrics.counter({
    name: 'holdpoint_proxy_sent_bytes_total',
    help: 'Bytes of answers, heads included.',
  });
  const streamsOpened = metrics.counter({
    name: 'holdpoint_proxy_streams_opened_total',
    help: 'Terminals and port-forwards that were opened.',
    labels: ['kind'],
  });
  const streamsEnded = metrics.counter({
    name: 'holdpoint_proxy_streams_ended_total',
    help: 'Terminals and port-forwards that are over, or were not opened, by reason.',
    labels: ['kind', 'reason'],
  });
  const breaks = metrics.counter({
    name: 'holdpoint_proxy_watch_breaks_total',
    help: 'Watches of our own that broke, or lists that were refused, and were asked for again.',
    labels: ['resource'],
  });
  const told = metrics.counter({
    name: 'holdpoint_proxy_transcript_events_total',
    help: 'Events of the transcript that the audit sink took.',
  });
  const leftOut = metrics.counter({
    name: 'holdpoint_proxy_transcript_left_out_total',
    help: 'Requests that are not in the transcript one by one, by reason.',
    labels: ['reason'],
  });
  const postFailures = metrics.counter({
    name: 'holdpoint_proxy_transcript_post_failures_total',
    help: 'POSTs of the transcript that the audit sink did not take; each is tried again.',
  });
  return {
    requestEnded(exchange, { code, bytesOut }) {
      const verb = verbOf(exchange);
      requests.add({ verb, code: String(code) });
      if (exchange.attempts > 0) upstream.observe({ verb }, exchange.upstreamMs / 1_000);
      const stream = endedStreamOf(exchange);
      if (stream !== undefined) streamsEnded.add({ ...stream });
      const { refusal, pause } = exchange;
      if (refusal !== undefined) refusals.add({ code: String(refusal.refused.code) });
      if (pause !== undefined) {
        pauses.add({ outcome: pauseOutcomes[pause.end] });
        paused.observe({ outcome: pauseOutcomes[pause.end] }, pause.waitedMs / 1_000);
      }
      if (exchange.masked.values > 0) masked.add({}, exchange.masked.values);
      if (exchange.bytesIn > 0) received.add({}, exchange.bytesIn);
      sent.add({}, Math.max(0, bytesOut));
    },
    streamOpened: (kind) => streamsOpened.add({ kind }),
    watchBroke: (resource) => breaks.add({ resource }),
    transcript: {
      sent: (events) => told.add({}, events),
      leftOut: (reason, events) => leftOut.add({ reason: reason.replaceAll('-', '_') }, events),
      postFailed: () => postFailures.add({}),
    },
  };
}

/** What is known only once there is something to serve with. */
export function registerProxyGauges(metrics: Metrics, { pauses, streams, transcript }: ProxyGauges): void {
  metrics.readGauge({ name: 'holdpoint_proxy_pauses_open', help: 'Requests that wait for an approval now.' }, () => [
    { labels: {}, value: pauses().requests },
  ]);
  metrics.readGauge(
    { name: 'holdpoint_proxy_paused_bytes', help: 'Bytes of their bodies, kept to be sent again.' },
    () => [{ labels: {}, value: pauses().bytes }],
  );
  metrics.readGauge(
    { name: 'holdpoint_proxy_streams_open', help: 'Terminals and port-forwards that are open.' },
    () => [{ labels: {}, value: streams() }],
  );
  metrics.readGauge(
    { name: 'holdpoint_proxy_transcript_queued_events', help: 'Events of the transcript that are still to be sent.' },
    () => [{ labels: {}, value: transcript().events }],
  );
  metrics.readGauge({ name: 'holdpoint_proxy_transcript_queued_bytes', help: 'Their bytes, about.' }, () => [
    { labels: {}, value: transcript().bytes },
  ]);
}

const pauseOutcomes: Readonly<Record<PauseEnd, string>> = {
  passed: 'passed',
  denied: 'denied',
  expired: 'expired',
  lapsed: 'lapsed',
  deleted: 'deleted',
  stillHeld: 'still_held',
  noRoom: 'no_room',
  unknownHold: 'unknown_hold',
  moved: 'moved',
  clientGone: 'client_gone',
  failed: 'failed',
};

/** From this on, an answer says that something is broken, not that something may not be. */
const firstServerError = 500;

function endedStreamOf(exchange: Exchange): { kind: StreamKind; reason: SessionEnd | 'denied' } | undefined {
  const { received, isUpgrade, sessionEnd, refusal } = exchange;
  const kind = received === undefined ? undefined : streamKindOf(received.info);
  if (isUpgrade !== true || kind === undefined) return undefined;
  if (sessionEnd !== undefined) return { kind, reason: sessionEnd };
  // Without a refusal, the client had gone before there was one.
  if (refusal === undefined) return { kind, reason: 'closed' };
  return { kind, reason: (refusal.refused.code ?? firstServerError) < firstServerError ? 'denied' : 'failed' };
}

/** What a client sent must not become a label. */
function verbOf({ received }: Exchange): string {
  const verb = received?.info.verb ?? 'none';
  return verbs.has(verb) || verb === 'none' ? verb : 'other';
}
