import { expect, test } from '@jest/globals';
import type { Grant, GrantStatus } from '@holdpoint/core';
import { createFakeCluster } from '../testing/fake-cluster.ts';
import { sweepGrants } from './sweep-grants.ts';

const nowMs = Date.parse('2026-01-01T02:00:00.000Z');
const silent = () => undefined;
const logger = { debug: silent, info: silent, warn: silent, error: silent };
const status = (more: Partial<GrantStatus> = {}): GrantStatus => ({
  phase: 'Active',
  grantedBy: 'alice',
  grantedAt: '2026-01-01T00:00:00.000Z',
  expiresAt: '2026-01-01T03:00:00.000Z',
  uses: 0,
  seal: 'x',
  ...more,
});

test.each<{ situation: string; status: GrantStatus | undefined; want: string | undefined }>([
  { situation: 'active', status: status(), want: 'Active' },
  { situation: 'over since lately', status: status({ expiresAt: '2026-01-01T01:30:00.000Z' }), want: 'Expired' },
  {
    situation: 'over for as long as grants are kept',
    status: status({ expiresAt: '2026-01-01T01:00:00.000Z' }),
    want: undefined,
  },
  {
    situation: 'revoked that long ago, though it would still last',
    status: status({ phase: 'Revoked', revoked: { by: 'bob', at: '2026-01-01T00:30:00.000Z' } }),
    want: undefined,
  },
  {
    situation: 'revoked lately',
    status: status({ phase: 'Revoked', revoked: { by: 'bob', at: '2026-01-01T01:30:00.000Z' } }),
    want: 'Revoked',
  },
  { situation: 'never given', status: undefined, want: 'no status' },
])('a grant that is $situation: $want', async ({ status: before, want }) => {
  const cluster = createFakeCluster();
  const grant = { apiVersion: 'holdpoint.dev/v1alpha1', kind: 'Grant', metadata: { name: 'g' }, spec: {} };
  cluster.put((before === undefined ? grant : { ...grant, status: before }) as Grant);
  await sweepGrants(cluster.cache<Grant>(), nowMs, { kube: cluster.kube, retentionMs: 3_600_000, logger });
  const left = cluster.get<Grant>('g');
  expect(left === undefined ? undefined : (left.status?.phase ?? 'no status')).toBe(want);
});
