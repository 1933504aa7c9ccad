import { describe, expect, test } from '@jest/globals';
import {
  allowed,
  denied,
  errored,
  held,
  HoldpointError,
  type AdmissionReviewResponse,
  type Hold,
} from '@holdpoint/core';
import { createMetrics } from '@holdpoint/platform';
import { countDecisions, countHoldWrites } from './counted-holds.ts';
import { createWebhookMetrics, registerGauges } from './metrics.ts';
import { createFakeCluster } from './testing/fake-cluster.ts';

function watched() {
  const all = createMetrics({ service: 'webhook', version: '0', ofProcess: false });
  const lines = async (prefix: string): Promise<string[]> =>
    (await all.exposition()).text.split('\n').filter((line) => line.startsWith(prefix));
  return { all, metrics: createWebhookMetrics(all), lines };
}

describe('reviewStarted', () => {
  const rows: {
    situation: string;
    answer: AdmissionReviewResponse;
    error?: unknown;
    want: string;
    wantCode?: string;
  }[] = [
    { situation: 'allowed', answer: allowed('u', { decision: 'allow' }), want: 'allow' },
    { situation: 'allowed without a word', answer: allowed('u', {}), want: 'allow' },
    { situation: 'denied', answer: denied('u', 'no', { decision: 'deny' }), want: 'deny' },
    { situation: 'denied without a word', answer: denied('u', 'no', {}), want: 'deny' },
    {
      situation: 'held',
      answer: held('u', 'wait', { decision: 'hold' }, { causes: [], retryAfterSeconds: 1 }),
      want: 'hold',
    },
    {
      situation: 'a word that we do not know: never a label',
      answer: allowed('u', { decision: 'agent-chosen-0815' }),
      want: 'other',
    },
    {
      situation: 'failed with a code of ours',
      answer: errored('u', 'broken'),
      error: new HoldpointError('ERR_HOLD_CONFLICT', 'changed'),
      want: 'error',
      wantCode: 'ERR_HOLD_CONFLICT',
    },
    {
      situation: 'failed with anything else',
      answer: errored('u', 'broken'),
      error: new TypeError('x'),
      want: 'error',
      wantCode: 'internal',
    },
  ];
  test.each(rows)('$situation: counted as $want', async ({ answer, error, want, wantCode }) => {
    const { metrics, lines } = watched();
    metrics.reviewStarted('/validate')(answer, error);
    expect(await lines('holdpoint_webhook_reviews_total')).toEqual([
      `holdpoint_webhook_reviews_total{path="/validate",decision="${want}"} 1`,
    ]);
    expect(await lines('holdpoint_webhook_review_failures_total')).toEqual(
      wantCode === undefined ? [] : [`holdpoint_webhook_review_failures_total{code="${wantCode}"} 1`],
    );
    expect(await lines('holdpoint_webhook_review_duration_seconds_count')).toEqual([
      'holdpoint_webhook_review_duration_seconds_count{path="/validate"} 1',
    ]);
  });

  test('not answered yet: in flight, and not after', async () => {
    const { metrics, lines } = watched();
    const first = metrics.reviewStarted('/validate');
    metrics.reviewStarted('/decide');
    expect(await lines('holdpoint_webhook_reviews_in_flight')).toEqual(['holdpoint_webhook_reviews_in_flight 2']);
    first(allowed('u', {}));
    expect(await lines('holdpoint_webhook_reviews_in_flight')).toEqual(['holdpoint_webhook_reviews_in_flight 1']);
  });
});

const hold = (name: string, phase: 'Pending' | 'Approved' | 'Used'): Hold =>
  ({
    apiVersion: 'holdpoint.dev/v1alpha1',
    kind: 'Hold',
    metadata: { name },
    spec: { expiresAt: '2026-01-01T01:00:00.000Z' },
    status: { phase, decisions: [] },
  }) as unknown as Hold;
const holdsKind = { group: 'holdpoint.dev', version: 'v1alpha1', plural: 'holds' };

test('holds and policies: by phase and state, those of none too; a hold whose time is over is over', async () => {
  const { all, lines } = watched();
  registerGauges(all, {
    holds: () => [hold('h-1', 'Pending'), hold('h-2', 'Used'), hold('h-3', 'Used')],
    policies: () => [{ state: 'enforced' }, { state: 'invalid' }, { state: 'enforced' }],
    isLeader: () => true,
    now: () => Date.parse('2026-01-01T01:00:00.000Z'),
  });
  expect(await lines('holdpoint_webhook_holds{')).toEqual([
    'holdpoint_webhook_holds{phase="Pending"} 0',
    'holdpoint_webhook_holds{phase="Approved"} 0',
    'holdpoint_webhook_holds{phase="Used"} 2',
    'holdpoint_webhook_holds{phase="Denied"} 0',
    'holdpoint_webhook_holds{phase="Expired"} 1',
    'holdpoint_webhook_holds{phase="Lapsed"} 0',
  ]);
  expect(await lines('holdpoint_webhook_policies{')).toEqual([
    'holdpoint_webhook_policies{state="enforced"} 2',
    'holdpoint_webhook_policies{state="invalid"} 1',
    'holdpoint_webhook_policies{state="not_registered"} 0',
  ]);
  expect(await lines('holdpoint_webhook_leader')).toEqual(['holdpoint_webhook_leader 1']);
});

describe('countHoldWrites', () => {
  test('one created, one used: counted; a race that was lost, another change: not', async () => {
    const { metrics, lines } = watched();
    const kube = countHoldWrites(createFakeCluster().kube, metrics);
    const created = await kube.create(holdsKind, hold('h-1', 'Pending'));
    await expect(kube.create(holdsKind, hold('h-1', 'Pending'))).rejects.toMatchObject({ code: 409 });
    const approved = await kube.replace(holdsKind, { ...hold('h-1', 'Approved'), metadata: created.metadata });
    await kube.replace(holdsKind, { ...hold('h-1', 'Used'), metadata: approved.metadata });
    await expect(
      kube.replace(holdsKind, { ...hold('h-1', 'Used'), metadata: approved.metadata }),
    ).rejects.toMatchObject({ code: 409 });
    expect(await lines('holdpoint_webhook_holds_')).toEqual([
      'holdpoint_webhook_holds_created_total 1',
      'holdpoint_webhook_holds_used_total 1',
    ]);
  });
});

describe('countDecisions', () => {
  const request = (dryRun: boolean) => ({ uid: 'u', dryRun }) as never;
  test.each([
    { situation: 'approved', answer: allowed('u', { decision: 'approve' }), dryRun: false, want: ['approve'] },
    { situation: 'denied by a reviewer', answer: allowed('u', { decision: 'deny' }), dryRun: false, want: ['deny'] },
    { situation: 'as a dry run', answer: allowed('u', { decision: 'approve' }), dryRun: true, want: [] },
    { situation: 'a reviewer who may not', answer: denied('u', 'no', { decision: 'deny' }), dryRun: false, want: [] },
    { situation: 'another annotation', answer: allowed('u', {}), dryRun: false, want: [] },
  ])('$situation: $want', async ({ answer, dryRun, want }) => {
    const { metrics, lines } = watched();
    expect(await countDecisions(() => answer, metrics)(request(dryRun))).toBe(answer);
    expect(await lines('holdpoint_webhook_holds_decided_total')).toEqual(
      want.map((verdict) => `holdpoint_webhook_holds_decided_total{verdict="${verdict}"} 1`),
    );
  });
});
