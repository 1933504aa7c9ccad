import { expect, test } from '@jest/globals';
import type { Ratio } from './load/summary.ts';
import { reportOf } from './report.ts';

const of = (overall: number): Ratio => ({ overall, rounds: { min: overall, median: overall, max: overall } });
const memory = { rssBytes: 100 * 1_048_576, peakRssBytes: 100 * 1_048_576 };

test.each([
  { situation: 'all within', ratios: [1.5, 1.2, 1], rssMiB: 150, want: ['met', 'met'] },
  { situation: 'one ratio over', ratios: [1.2, 1.51, 1], rssMiB: 150, want: ['missed: p99', 'met'] },
  { situation: 'a ratio to nothing: no miss', ratios: [NaN, 1, 1], rssMiB: 150, want: ['lost in noise: p50', 'met'] },
  { situation: 'both', ratios: [NaN, 1, 2], rssMiB: 150, want: ['missed: throughput; lost in noise: p50', 'met'] },
  {
    situation: 'a busy machine: judges no ratio',
    ratios: [9, 9, 9],
    rssMiB: 150,
    foreignShare: 0.06,
    want: ['not judged', 'met'],
  },
  { situation: 'too much memory', ratios: [1, 1, 1], rssMiB: 151, want: ['met', 'missed'] },
])('reportOf: $situation', ({ ratios, rssMiB, foreignShare = 0.05, want }) => {
  const [addedP50 = NaN, addedP99 = NaN, slowdown = NaN] = ratios;
  const report = reportOf({
    machine: { cores: 2, node: 'v24' },
    foreignShare,
    judging: [],
    arms: [],
    comparisons: [
      { target: 'configmap', writers: 1, addedP50: of(addedP50), addedP99: of(addedP99), slowdown: of(slowdown) },
    ],
    memory: { go: memory, holdpoint: { rssBytes: 0, peakRssBytes: rssMiB * 1_048_576 } },
  });
  const lastCell = (start: string): string | undefined =>
    report
      .split('\n')
      .find((line) => line.startsWith(start))
      ?.split('|')
      .at(-2)
      ?.trim();
  expect([lastCell('| configmap, 1'), lastCell('| Holdpoint')]).toEqual(want);
});
