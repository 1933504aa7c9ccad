import { HoldpointError, phaseAt, type AdmissionReviewResponse, type Hold, type HoldPhase } from '@holdpoint/core';
import type { Metrics } from '@holdpoint/platform';

/** What the webhook keeps a copy of. */
export type WatchedResource = 'accesspolicies' | 'holds' | 'grants' | 'namespaces';

/** What the webhook counts. Labels are of few and known values: never a subject, a name or a namespace. */
export interface WebhookMetrics {
  /** Call when a review comes in, and what it returns when it is answered. */
  reviewStarted(path: string): (answer: AdmissionReviewResponse, error?: unknown) => void;
  holdCreated(): void;
  holdUsed(): void;
  holdDecided(verdict: 'approve' | 'deny'): void;
  registrationReconciled(result: 'ok' | 'failed'): void;
  /** Somebody else had changed it. */
  registrationMended(): void;
  watchBroke(resource: WatchedResource): void;
}

/** What is read when somebody asks for the metrics. */
export interface WebhookGauges {
  holds: () => readonly Hold[];
  policies: () => readonly { state: PolicyMetricState }[];
  isLeader: () => boolean;
  now: () => number;
}

export type PolicyMetricState = 'enforced' | 'invalid' | 'not_registered';

const phases: readonly HoldPhase[] = ['Pending', 'Approved', 'Used', 'Denied', 'Expired', 'Lapsed'];
const policyStates: readonly PolicyMetricState[] = ['enforced', 'invalid', 'not_registered'];
const decisions: readonly string[] = [
  'allow',
  'deny',
  'hold',
  'approved',
  'would-hold',
  'ungoverned',
  'approve',
  'granted',
  'grant',
  'revoke',
];

/** From the goal (5 ms at p99) both ways, to where the API server gives up (10 s). */
const durationBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Registers what the webhook counts. `gauges` are read at each scrape. */
export function createWebhookMetrics(metrics: Metrics): WebhookMetrics {
  const reviews = metrics.counter({
    name: 'holdpoint_webhook_reviews_total',
    help: 'Reviews answered, by what was decided.',
    labels: ['path', 'decision'],
  });
  const durations = metrics.histogram({
    name: 'holdpoint_webhook_review_duration_seconds',
    help: 'From the head of a review to its answer.',
    labels: ['path'],
    buckets: durationBuckets,
  });
  const inFlight = metrics.gauge({
    name: 'holdpoint_webhook_reviews_in_flight',
    help: 'Reviews that are not answered yet.',
  });
  const failures = metrics.counter({
    name: 'holdpoint_webhook_review_failures_total',
    help: 'Reviews that could not be judged, and so were refused, by error code.',
    labels: ['code'],
  });
  const created = metrics.counter({
    name: 'holdpoint_webhook_holds_created_total',
    help: 'Holds created by this replica.',
  });
  const used = metrics.counter({
    name: 'holdpoint_webhook_holds_used_total',
    help: 'Approvals used up by this replica.',
  });
  const decided = metrics.counter({
    name: 'holdpoint_webhook_holds_decided_total',
    help: 'Answers of reviewers stamped by this replica.',
    labels: ['verdict'],
  });
  const reconciles = metrics.counter({
    name: 'holdpoint_webhook_registration_reconciles_total',
    help: 'Rounds of holding the registration against the policies.',
    labels: ['result'],
  });
  const mended = metrics.counter({
    name: 'holdpoint_webhook_registration_mended_total',
    help: 'Times that the registration was not as this replica or another had left it.',
  });
  const breaks = metrics.counter({
    name: 'holdpoint_webhook_watch_breaks_total',
    help: 'Watches that broke, or lists that were refused, and were asked for again.',
    labels: ['resource'],
  });
  let reviewing = 0;
  return {
    reviewStarted(path) {
      const startedAt = performance.now();
      inFlight.set({}, (reviewing += 1));
      return (answer, error) => {
        inFlight.set({}, (reviewing -= 1));
        durations.observe({ path }, (performance.now() - startedAt) / 1_000);
        reviews.add({ path, decision: decisionOf(answer) });
        if (error !== undefined) failures.add({ code: error instanceof HoldpointError ? error.code : 'internal' });
      };
    },
    holdCreated: () => created.add({}),
    holdUsed: () => used.add({}),
    holdDecided: (verdict) => decided.add({ verdict }),
    registrationReconciled: (result) => reconciles.add({ result }),
    registrationMended: () => mended.add({}),
    watchBroke: (resource) => breaks.add({ resource }),
  };
}

/** What is known only once the caches are there. */
export function registerGauges(metrics: Metrics, { holds, policies, isLeader, now }: WebhookGauges): void {
  metrics.readGauge({ name: 'holdpoint_webhook_holds', help: 'Holds there are, by phase.', labels: ['phase'] }, () => {
    const nowMs = now();
    const count = counted(
      phases,
      holds().map((hold) => phaseAt(hold, nowMs)),
    );
    return phases.map((phase) => ({ labels: { phase }, value: count.get(phase) ?? 0 }));
  });
  metrics.readGauge(
    { name: 'holdpoint_webhook_policies', help: 'Policies there are, by state.', labels: ['state'] },
    () => {
      const count = counted(
        policyStates,
        policies().map(({ state }) => state),
      );
      return policyStates.map((state) => ({ labels: { state }, value: count.get(state) ?? 0 }));
    },
  );
  metrics.readGauge({ name: 'holdpoint_webhook_leader', help: '1 on the replica that holds the lease.' }, () => [
    { labels: {}, value: isLeader() ? 1 : 0 },
  ]);
}

function counted<Key>(keys: readonly Key[], found: readonly Key[]): Map<Key, number> {
  const count = new Map(keys.map((key) => [key, 0]));
  for (const key of found) count.set(key, (count.get(key) ?? 0) + 1);
  return count;
}

/** A word of ours; anything else is `other`, so that nothing a client sent can become a label. */
function decisionOf({ response }: AdmissionReviewResponse): string {
  if (response.status?.code === 500) return 'error';
  const decision = response.auditAnnotations?.['decision'];
  if (decision === undefined) return response.allowed ? 'allow' : 'deny';
  return decisions.includes(decision) ? decision : 'other';
}
