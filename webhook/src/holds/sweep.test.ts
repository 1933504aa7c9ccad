import { describe, expect, test } from '@jest/globals';
import type { Hold, HoldStatus } from '@holdpoint/core';
import type { Logger } from '@holdpoint/platform';
import { createFakeCluster } from '../testing/fake-cluster.ts';
import { sweepHolds } from './sweep.ts';

const nowMs = Date.parse('2026-01-01T01:00:00.000Z');
const hold = (name: string, status: HoldStatus | undefined, expiresAt: string): Hold =>
  ({
    apiVersion: 'holdpoint.dev/v1alpha1',
    kind: 'Hold',
    metadata: { name },
    spec: { expiresAt },
    ...(status === undefined ? {} : { status }),
  }) as unknown as Hold;
const past = '2026-01-01T00:59:59.000Z';
const future = '2026-01-01T01:00:01.000Z';
const hourMs = 3_600_000;
const longAgo = '2026-01-01T00:00:00.000Z';
const decisions = [{ by: 'alice', verdict: 'approve', at: past } as const];

function fakeLogger() {
  const warnings: object[] = [];
  const silent = () => undefined;
  const logger: Logger = {
    debug: silent,
    info: silent,
    error: silent,
    warn: (fields, message) => void warnings.push({ ...fields, message }),
  };
  return { logger, warnings };
}

describe('sweepHolds', () => {
  const rows: {
    situation: string;
    status: HoldStatus | undefined;
    expiresAt: string;
    want: HoldStatus | undefined;
    wantWrites: number;
  }[] = [
    {
      situation: 'pending, its time over: Expired',
      status: { phase: 'Pending', decisions: [] },
      expiresAt: past,
      want: { phase: 'Expired', decisions: [] },
      wantWrites: 1,
    },
    {
      situation: 'no status, its time over: Expired',
      status: undefined,
      expiresAt: past,
      want: { phase: 'Expired', decisions: [] },
      wantWrites: 1,
    },
    {
      situation: 'pending: left alone',
      status: { phase: 'Pending', decisions: [] },
      expiresAt: future,
      want: { phase: 'Pending', decisions: [] },
      wantWrites: 0,
    },
    { situation: 'no status: left alone', status: undefined, expiresAt: future, want: undefined, wantWrites: 0 },
    {
      situation: 'approved, not used in time: Lapsed, its decisions kept',
      status: { phase: 'Approved', decisions, useBefore: past },
      expiresAt: past,
      want: { phase: 'Lapsed', decisions, useBefore: past },
      wantWrites: 1,
    },
    {
      situation: 'approved, still usable: left alone',
      status: { phase: 'Approved', decisions, useBefore: future },
      expiresAt: past,
      want: { phase: 'Approved', decisions, useBefore: future },
      wantWrites: 0,
    },
    {
      situation: 'denied long ago: left alone',
      status: { phase: 'Denied', decisions },
      expiresAt: past,
      want: { phase: 'Denied', decisions },
      wantWrites: 0,
    },
  ];
  test.each(rows)('$situation', async ({ status, expiresAt, want, wantWrites }) => {
    const cluster = createFakeCluster();
    cluster.put(hold('h-1', status, expiresAt));
    const { logger, warnings } = fakeLogger();
    await sweepHolds(cluster.cache<Hold>(), nowMs, { kube: cluster.kube, retentionMs: hourMs, logger });
    expect(cluster.get<Hold>('h-1')?.status).toEqual(want);
    expect(cluster.writes).toHaveLength(wantWrites);
    expect(warnings).toEqual([]);
  });

  test.each<{ situation: string; status: HoldStatus; expiresAt: string; wantGone: boolean }>([
    {
      situation: 'expired for as long as holds are kept',
      status: { phase: 'Expired', decisions: [] },
      expiresAt: longAgo,
      wantGone: true,
    },
    {
      situation: 'never written down as expired, but over for that long',
      status: { phase: 'Pending', decisions: [] },
      expiresAt: longAgo,
      wantGone: true,
    },
    { situation: 'expired lately', status: { phase: 'Expired', decisions: [] }, expiresAt: past, wantGone: false },
    {
      situation: 'used that long ago',
      status: { phase: 'Used', decisions, usedBy: { requestUid: 'u', at: longAgo } },
      expiresAt: future,
      wantGone: true,
    },
    {
      situation: 'lapsed that long ago',
      status: { phase: 'Lapsed', decisions, useBefore: longAgo },
      expiresAt: past,
      wantGone: true,
    },
    {
      situation: 'denied, and the denial still stands',
      status: { phase: 'Denied', decisions },
      expiresAt: future,
      wantGone: false,
    },
    {
      situation: 'denied, and the denial has stood long enough',
      status: { phase: 'Denied', decisions },
      expiresAt: longAgo,
      wantGone: true,
    },
  ])('$situation: removed: $wantGone', async ({ status, expiresAt, wantGone }) => {
    const cluster = createFakeCluster();
    cluster.put(hold('h-1', status, expiresAt));
    const { logger } = fakeLogger();
    await sweepHolds(cluster.cache<Hold>(), nowMs, { kube: cluster.kube, retentionMs: hourMs, logger });
    expect(cluster.get<Hold>('h-1') === undefined).toBe(wantGone);
  });

  test('approved while the cache lags behind: the approval stands', async () => {
    const cluster = createFakeCluster();
    cluster.put(hold('h-1', { phase: 'Pending', decisions: [] }, past));
    const cache = cluster.cache<Hold>();
    cache.freeze();
    cluster.put(hold('h-1', { phase: 'Approved', decisions, useBefore: future }, past));
    const { logger, warnings } = fakeLogger();
    await sweepHolds(cache, nowMs, { kube: cluster.kube, retentionMs: hourMs, logger });
    expect(cluster.get<Hold>('h-1')?.status?.phase).toBe('Approved');
    expect(warnings).toEqual([]);
  });

  test('one deleted, one that cannot be written: the rest is written all the same', async () => {
    const cluster = createFakeCluster((call) => {
      if (call === 'replace h-2') throw new Error('connection reset');
    });
    for (const name of ['h-1', 'h-2', 'h-3']) cluster.put(hold(name, { phase: 'Pending', decisions: [] }, past));
    const cache = cluster.cache<Hold>();
    cache.freeze();
    cluster.delete('h-1');
    const { logger, warnings } = fakeLogger();
    await sweepHolds(cache, nowMs, { kube: cluster.kube, retentionMs: hourMs, logger });
    expect(cluster.get<Hold>('h-3')?.status?.phase).toBe('Expired');
    expect(warnings).toEqual([{ hold: 'h-2', err: new Error('connection reset'), message: 'hold not swept' }]);
  });
});
