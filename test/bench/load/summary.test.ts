import { describe, expect, test } from '@jest/globals';
import type { Arm } from './bench-stack.ts';
import type { Slot } from './slot.ts';
import { summarise } from './summary.ts';

/** One second in which two writes took `latencyMs` each. */
function slot(arm: Arm, round: number, latencyMs: number, more: Partial<Slot> = {}): Slot {
  return {
    target: 'configmap',
    writers: 1,
    arm,
    round,
    latenciesMs: [latencyMs, latencyMs],
    elapsedMs: 1_000,
    cpuMs: { webhook: 4, apiServer: 8 },
    writes: 4,
    loadShare: 0.25,
    ...more,
  };
}

describe('summarise', () => {
  const slots = [
    slot('none', 0, 10),
    slot('go', 0, 12),
    slot('holdpoint', 0, 13, { elapsedMs: 2_000 }),
    slot('holdpoint', 1, 12, { loadShare: 0.5 }),
    slot('none', 1, 10),
    slot('go', 1, 14),
  ];

  test('an arm: all of its rounds together, against the arm without webhook', () => {
    expect(summarise(slots).arms[2]).toEqual({
      target: 'configmap',
      writers: 1,
      arm: 'holdpoint',
      writes: 8,
      p50Ms: 12,
      p99Ms: 13,
      maxMs: 13,
      writesPerSecond: 4 / 3,
      addedP50Ms: 2,
      addedP99Ms: 3,
      apiServerCpuMsPerWrite: 2,
      webhookCpuSecondsPer1000: 1,
      maxLoadShare: 0.5,
    });
  });

  test('the comparison: overall, and over the rounds', () => {
    expect(summarise(slots).comparisons).toEqual([
      {
        target: 'configmap',
        writers: 1,
        addedP50: { overall: 1, rounds: { min: 0.5, median: 0.5, max: 1.5 } },
        addedP99: { overall: 0.75, rounds: { min: 0.5, median: 0.5, max: 1.5 } },
        slowdown: { overall: 1.5, rounds: { min: 1, median: 1, max: 2 } },
      },
    ]);
  });

  test('the Go webhook added nothing: no ratio', () => {
    const { comparisons } = summarise([slot('none', 0, 10), slot('go', 0, 9), slot('holdpoint', 0, 11)]);
    const none = { overall: NaN, rounds: { min: NaN, median: NaN, max: NaN } };
    expect(comparisons[0]).toMatchObject({ addedP50: none, addedP99: none });
  });

  test('each cell by itself, in the order they came', () => {
    const more = slots.map((each) => ({ ...each, writers: 16 }));
    const { arms, comparisons } = summarise([...slots, ...more]);
    expect(arms.map(({ writers, arm }) => `${String(writers)} ${arm}`)).toEqual([
      '1 none',
      '1 go',
      '1 holdpoint',
      '16 none',
      '16 go',
      '16 holdpoint',
    ]);
    expect(comparisons.map(({ writers }) => writers)).toEqual([1, 16]);
  });
});
