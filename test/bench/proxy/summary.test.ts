import { expect, test } from '@jest/globals';
import { proxyArms, type ProxyArm } from './arms.ts';
import type { ReadSlot } from './requests.ts';
import { summariseReads } from './summary.ts';

function slot(arm: ProxyArm, round: number, latenciesMs: number[], proxyCpuMs: number): ReadSlot {
  return {
    ...{ read: 'GET', clients: 1, arm, round, latenciesMs },
    ...{ elapsedMs: 1_000, answers: latenciesMs.length, loadShare: 0.5 },
    cpuMs: { proxy: proxyCpuMs, apiServer: 4 },
  };
}

test('an arm’s rounds are one; what it adds is against no proxy, and beside what the pass-through adds', () => {
  const slots = [
    slot('direct', 0, [1, 1], 0),
    slot('direct', 1, [1, 3], 0),
    ...proxyArms.filter((arm) => arm !== 'direct').map((arm) => slot(arm, 0, [2, 2], 1)),
    slot('holdpoint', 1, [4, 4, 4, 4], 5),
  ];
  const rows = summariseReads(slots);
  expect(rows.map(({ arm }) => arm)).toEqual(proxyArms);
  expect(rows.at(-1)).toEqual({
    ...{ read: 'GET', clients: 1, arm: 'holdpoint', answers: 6 },
    ...{ p50Ms: 4, p99Ms: 4, perSecond: 3 },
    ...{ addedP50Ms: 3, addedP99Ms: 1, addedByPassThrough: 3 },
    ...{ proxyCpuMs: 1, apiServerCpuMs: 8 / 6, maxLoadShare: 0.5 },
  });
});

test('where the pass-through added nothing that could be measured, there is no ratio', () => {
  const [, passThrough] = summariseReads([slot('direct', 0, [2], 0), slot('pass-through', 0, [2], 1)]);
  expect(passThrough).toMatchObject({ addedP50Ms: 0, addedByPassThrough: NaN });
});
