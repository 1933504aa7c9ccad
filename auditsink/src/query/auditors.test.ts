import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { UserInfo } from '@holdpoint/core';
import { createAuditors, type CheckAuditor, type KubernetesReviews } from './auditors.ts';

const tokenFile = join(mkdtempSync(join(tmpdir(), 'holdpoint-auditors-')), 'token');
writeFileSync(tokenFile, 'static\n');

interface Cluster extends KubernetesReviews {
  asked: string[];
  auditors: Set<string>;
  down: boolean;
  /** While it is a promise, nothing is answered. */
  hanging: Promise<void> | undefined;
}

function createCluster(): Cluster {
  const cluster: Cluster = {
    asked: [],
    auditors: new Set(['alice']),
    down: false,
    hanging: undefined,
    async reviewToken(token) {
      cluster.asked.push(token);
      await cluster.hanging;
      if (cluster.down) throw new Error('connection refused');
      const user: UserInfo = { username: token.replace('-token', ''), groups: [], extra: {} };
      return token.endsWith('-token') ? user : undefined;
    },
    reviewAccess: (question) => Promise.resolve(cluster.auditors.has(question.user ?? '')),
  };
  return cluster;
}

function setUp(): { cluster: Cluster; check: CheckAuditor; pass: (ms: number) => void } {
  const cluster = createCluster();
  let time = 0;
  const check = createAuditors({ tokenFile, kubernetes: cluster, now: () => time });
  return { cluster, check, pass: (ms) => (time += ms) };
}

describe('createAuditors', () => {
  test.each([
    { token: 'static', want: { type: 'Allowed' }, asked: 0 },
    { token: 'alice-token', want: { type: 'Allowed', name: 'alice' }, asked: 1 },
    { token: 'bob-token', want: { type: 'Forbidden', name: 'bob' }, asked: 1 },
    { token: 'nobody', want: { type: 'Unknown' }, asked: 1 },
  ])('$token', async ({ token, want, asked }) => {
    const { cluster, check } = setUp();
    expect(await check(token)).toMatchObject(want);
    expect(cluster.asked).toHaveLength(asked);
  });

  test('without a cluster, only the query token is known', async () => {
    const check = createAuditors({ tokenFile, kubernetes: undefined, now: () => 0 });
    expect(await check('static')).toMatchObject({ type: 'Allowed' });
    expect(await check('alice-token')).toEqual({ type: 'Unknown' });
  });

  test.each([
    {
      situation: 'allowed: a permission taken away is gone after a minute',
      token: 'alice-token',
      before: 59_999,
      after: 60_000,
    },
    {
      situation: 'refused: one just given is seen after ten seconds',
      token: 'bob-token',
      before: 9_999,
      after: 10_000,
    },
    { situation: 'unknown: as refused', token: 'nobody', before: 9_999, after: 10_000 },
  ])('$situation', async ({ token, before, after }) => {
    const { cluster, check, pass } = setUp();
    await check(token);
    pass(before);
    await check(token);
    expect(cluster.asked).toHaveLength(1);
    pass(after - before);
    await check(token);
    expect(cluster.asked).toHaveLength(2);
  });

  test('an API server that does not answer is not remembered', async () => {
    const { cluster, check } = setUp();
    cluster.down = true;
    expect(await check('alice-token')).toMatchObject({ type: 'Unavailable', reason: 'connection refused' });
    cluster.down = false;
    expect(await check('alice-token')).toMatchObject({ type: 'Allowed' });
  });

  test('many who ask with one token at a time ask the API server once', async () => {
    const { cluster, check } = setUp();
    await Promise.all(Array.from({ length: 50 }, () => check('alice-token')));
    expect(cluster.asked).toHaveLength(1);
  });

  test('a flood of made-up tokens reaches the API server by a few at a time, and is not remembered without end', async () => {
    const { cluster, check } = setUp();
    let answer = (): void => undefined;
    cluster.hanging = new Promise((resolve) => (answer = resolve));
    const flood = Array.from({ length: 100 }, (_, i) => check(`made-up-${String(i)}`));
    const verdicts = Promise.all(flood);
    expect(cluster.asked.length).toBeLessThanOrEqual(16);
    answer();
    expect((await verdicts).filter(({ type }) => type === 'Unavailable')).toHaveLength(84);
    cluster.hanging = undefined;
    for (let i = 0; i < 1_500; i += 1) await check(`later-${String(i)}`);
    cluster.asked.length = 0;
    await check('later-0');
    await check('later-1499');
    expect(cluster.asked).toEqual(['later-0']);
  });
});
