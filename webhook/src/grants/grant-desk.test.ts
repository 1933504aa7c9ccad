import { createHmac } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  compilePolicy,
  giveGrant,
  judge,
  type AdmissionRequest,
  type Ask,
  type CompiledPolicy,
  type Grant,
  type GrantSpec,
  type UsingRequest,
} from '@holdpoint/core';
import { createFakeCluster, type FakeCluster } from '../testing/fake-cluster.ts';
import { createGrantDesk } from './grant-desk.ts';

const nowMs = Date.parse('2026-01-01T00:05:00.000Z');
const hmac = (text: string): string => createHmac('sha256', 'key').update(text).digest('hex');
const policy = (name: string): CompiledPolicy => {
  const result = compilePolicy({
    apiVersion: 'holdpoint.dev/v1alpha1',
    kind: 'AccessPolicy',
    metadata: { name },
    spec: { subjects: [{ kind: 'Group', name: 'agents' }], hold: { approvers: [{ kind: 'Group', name: 'sre' }] } },
  });
  if ('problems' in result) throw new Error('it compiles');
  return result.policy;
};
const request: AdmissionRequest = {
  uid: 'u-1',
  operation: 'CREATE',
  kind: { group: '', version: 'v1', kind: 'ConfigMap' },
  resource: { group: '', version: 'v1', resource: 'configmaps' },
  subresource: '',
  namespace: 'prod',
  name: 'c',
  user: { username: 'bot', groups: ['agents'], extra: {} },
  object: {},
  oldObject: null,
  options: null,
  dryRun: false,
  raw: {},
};
function askOf(policies: CompiledPolicy[]): Ask {
  const judgement = judge({
    request,
    policies,
    namespaceObject: null,
    containsMask: () => false,
    showsMasks: () => false,
  });
  if (judgement.type !== 'Ask') throw new Error(judgement.type);
  return judgement;
}
function grant(name: string, policyName: string, more: Partial<GrantSpec> = {}): Grant {
  const spec: GrantSpec = {
    subject: { username: 'bot' },
    scope: { policy: policyName, rule: 'default' },
    duration: '10m',
    ...more,
  };
  const whole: Grant = { apiVersion: 'holdpoint.dev/v1alpha1', kind: 'Grant', metadata: { name }, spec };
  const giver = { username: 'alice', groups: ['sre'], extra: {} };
  const outcome = giveGrant({
    grant: whole,
    giver,
    giverHasCredential: true,
    askedByDigest: undefined,
    policies: [policy('p'), policy('q')],
    hmac,
    nowMs,
  });
  if ('refusal' in outcome) throw new Error(outcome.refusal);
  return { ...whole, status: outcome.status };
}
const using = (requestId: string): UsingRequest => ({ requestUid: 'u', requestId, mayRepeat: true, nowMs });
const digestBy = (text: string) => (): string => text;

let cluster: FakeCluster;
beforeEach(() => {
  cluster = createFakeCluster();
});
const desk = () => createGrantDesk(cluster.kube, cluster.cache<Grant>(), hmac);
const usesOf = (name: string): number | undefined => cluster.get<Grant>(name)?.status?.uses;

describe('use', () => {
  test('no grant: nothing', async () => {
    expect(await desk().use(askOf([policy('p')]), using('r-1'), digestBy('d'))).toBeUndefined();
  });

  test('one without a limit: passes, and nothing is written', async () => {
    cluster.put(grant('g', 'p'));
    expect(await desk().use(askOf([policy('p')]), using('r-1'), digestBy('d'))).toEqual(['g']);
    expect(cluster.writes).toEqual([]);
  });

  test('revoked a moment ago, and our copy has not heard of it: nothing', async () => {
    const active = grant('g', 'p');
    cluster.put(active);
    const cache = cluster.cache<Grant>();
    cache.freeze();
    const revoked = { by: 'bob', at: '2026-01-01T00:04:59.000Z' };
    cluster.put({ ...active, status: { ...active.status, phase: 'Revoked', revoked } } as Grant);
    const found = await createGrantDesk(cluster.kube, cache, hmac).use(
      askOf([policy('p')]),
      using('r-1'),
      digestBy('d'),
    );
    expect(found).toBeUndefined();
  });

  test('deleted, and our copy has not heard of it: nothing', async () => {
    cluster.put(grant('g', 'p'));
    const cache = cluster.cache<Grant>();
    cache.freeze();
    cluster.delete('g');
    const found = await createGrantDesk(cluster.kube, cache, hmac).use(
      askOf([policy('p')]),
      using('r-1'),
      digestBy('d'),
    );
    expect(found).toBeUndefined();
  });

  test('for two uses, asked by ten at once on two replicas: two pass, and two are counted', async () => {
    cluster.put(grant('g', 'p', { maxUses: 2 }));
    const replicas = [desk(), desk()];
    const asked = Array.from({ length: 10 }, (_, i) => {
      const id = `r-${String(i)}`;
      return replicas[i % 2]?.use(askOf([policy('p')]), using(id), digestBy(id));
    });
    const passed = (await Promise.all(asked)).filter((names) => names !== undefined);
    expect([passed.length, usesOf('g')]).toEqual([2, 2]);
    expect(cluster.get<Grant>('g')?.status?.phase).toBe('UsedUp');
  });

  test('the same request asked again: the same use', async () => {
    cluster.put(grant('g', 'p', { maxUses: 1 }));
    const ask = askOf([policy('p')]);
    for (let i = 0; i < 3; i += 1) expect(await desk().use(ask, using('r-1'), digestBy('d'))).toEqual(['g']);
    expect(usesOf('g')).toBe(1);
    expect(await desk().use(ask, using('r-2'), digestBy('d'))).toBeUndefined();
  });

  test('one that is used up beside one that is not: the other', async () => {
    cluster.put(grant('g-1', 'p', { maxUses: 1 }));
    cluster.put(grant('g-2', 'p', { maxUses: 1 }));
    const ask = askOf([policy('p')]);
    const names = [];
    for (const id of ['r-1', 'r-2', 'r-3']) names.push(await desk().use(ask, using(id), digestBy(id)));
    expect(names).toEqual([['g-1'], ['g-2'], undefined]);
  });

  test.each([
    { situation: 'of two policies that hold, a grant for one: nothing', grants: [grant('g', 'p')], want: undefined },
    {
      situation: 'a grant for each: both',
      grants: [grant('g-p', 'p'), grant('g-q', 'q')],
      want: ['g-p', 'g-q'],
    },
  ])('$situation', async ({ grants, want }) => {
    for (const each of grants) cluster.put(each);
    expect(await desk().use(askOf([policy('p'), policy('q')]), using('r-1'), digestBy('d'))).toEqual(want);
  });

  test('the API server does not answer: thrown, for the caller to fail closed', async () => {
    cluster = createFakeCluster((call) => {
      if (call.startsWith('get')) throw new Error('connection refused');
    });
    cluster.put(grant('g', 'p'));
    await expect(desk().use(askOf([policy('p')]), using('r-1'), digestBy('d'))).rejects.toThrow('connection refused');
  });
});

test('peek: finds it, and counts nothing', () => {
  cluster.put(grant('g', 'p', { maxUses: 1 }));
  expect(desk().peek(askOf([policy('p')]), using('r-1'), digestBy('d'))).toEqual(['g']);
  expect(desk().peek(askOf([policy('p'), policy('q')]), using('r-1'), digestBy('d'))).toBeUndefined();
  expect([usesOf('g'), cluster.writes]).toEqual([0, []]);
});
