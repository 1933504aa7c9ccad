import { describe, expect, test } from '@jest/globals';
import type { Turn } from './measure.ts';
import { cellsOf, comparisonsOf } from './summary.ts';

const turn = (more: Partial<Turn>): Turn => ({
  arm: 'holdpoint',
  pace: 'full',
  events: 1_000,
  rawBytes: 2_500_000,
  acknowledgedMs: [10, 20],
  sendingMs: 500,
  storedMs: 1_000,
  cpuMs: 250,
  visibleMs: [],
  peakRssBytes: 1,
  ...more,
});

describe('cellsOf', () => {
  test('sums the turns of one arm at one pace', () => {
    const [cell, ...more] = cellsOf([turn({}), turn({ acknowledgedMs: [30], peakRssBytes: 5, visibleMs: [700] })]);
    expect(more).toEqual([]);
    expect(cell).toEqual({
      arm: 'holdpoint',
      pace: 'full',
      events: 2_000,
      acknowledgedPerSecond: 2_000,
      storedPerSecond: 1_000,
      eventsPerCpuSecond: 4_000,
      acknowledged: { p50Ms: 20, p99Ms: 30, maxMs: 30 },
      visible: { p50Ms: 700, maxMs: 700 },
      peakRssBytes: 5,
    });
  });

  test('what was not looked at is no number', () => {
    expect(cellsOf([turn({})])[0]?.visible).toEqual({ p50Ms: NaN, maxMs: NaN });
  });
});

describe('comparisonsOf', () => {
  test('divides ours by the plain one of the same round', () => {
    const turns = [
      turn({ cpuMs: 200 }),
      turn({ arm: 'plain', cpuMs: 100 }),
      turn({ arm: 'plain', cpuMs: 100, sendingMs: 1_000 }),
      turn({ cpuMs: 100 }),
    ];
    const [comparison] = comparisonsOf(turns);
    expect(comparison?.perCpu).toEqual({ min: 0.5, median: 0.5, max: 1 });
    expect(comparison?.acknowledged).toEqual({ min: 1, median: 1, max: 2 });
  });
});
