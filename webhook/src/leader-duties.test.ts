import { expect, test } from '@jest/globals';
import type { AccessPolicy, Grant, Hold } from '@holdpoint/core';
import { createLeaderDuties } from './leader-duties.ts';
import { createFakeCluster } from './testing/fake-cluster.ts';

const policy = (name: string): AccessPolicy => ({
  apiVersion: 'holdpoint.dev/v1alpha1',
  kind: 'AccessPolicy',
  metadata: { name, generation: 1 },
  spec: { subjects: [{ kind: 'Group', name: 'agents' }] },
});

/** The questions that `rounds` rounds ask, one begun at each of these times. */
async function askedAt(times: readonly number[], overlapping: boolean): Promise<number> {
  const cluster = createFakeCluster();
  for (const name of ['a', 'b']) cluster.put(policy(name));
  let nowMs = 0;
  let asked = 0;
  const silent = () => undefined;
  const run = createLeaderDuties({
    kube: cluster.kube,
    policies: cluster.cache<AccessPolicy>(),
    holds: createFakeCluster().cache<Hold>(),
    grants: createFakeCluster().cache<Grant>(),
    namespaces: { names: () => ['dev'] },
    reviewAccess: () => {
      asked += 1;
      return Promise.resolve(false);
    },
    retentionMs: 1,
    logger: { debug: silent, info: silent, warn: silent, error: silent },
    now: () => nowMs,
  });
  const rounds: Promise<void>[] = [];
  for (const time of times) {
    nowMs = time;
    const round = run();
    if (overlapping) rounds.push(round);
    else await round;
  }
  await Promise.all(rounds);
  return asked;
}

// What one subject is asked about: 27 things everywhere, one of them in the one namespace too.
const once = 28;
test.each([
  { situation: 'two policies of one subject: each question once', times: [60_000], overlapping: false, want: once },
  { situation: 'a round soon after: not asked again', times: [60_000, 70_000], overlapping: false, want: once },
  { situation: 'half a minute later: asked again', times: [60_000, 90_001], overlapping: false, want: 2 * once },
  {
    situation: 'a round while one is running: none of its own',
    times: [60_000, 120_000],
    overlapping: true,
    want: once,
  },
])('$situation', async ({ times, overlapping, want }) => {
  expect(await askedAt(times, overlapping)).toBe(want);
});
