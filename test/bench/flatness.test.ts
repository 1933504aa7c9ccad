import { describe, expect, test } from '@jest/globals';
import { flatnessOf } from './flatness.ts';

const steps = (count: number, at: (i: number) => number): number[] => Array.from({ length: count }, (_, i) => at(i));

describe('flatnessOf', () => {
  test.each([
    {
      situation: 'rises while it warms up and then stays: flat',
      samples: steps(40, (i) => (i < 10 ? 50 + i : 100)),
      want: { earlier: 100, later: 100, isFlat: true },
    },
    {
      situation: 'breathes by a tenth: flat',
      samples: steps(40, (i) => (i < 30 ? 100 : 110)),
      want: { earlier: 100, later: 110, isFlat: true },
    },
    {
      situation: 'grows all the time: not flat',
      samples: steps(40, (i) => 100 + 2 * i),
      want: { earlier: 128, later: 168, isFlat: false },
    },
    {
      situation: 'one spike in the end: flat',
      samples: steps(40, (i) => (i === 39 ? 500 : 100)),
      want: { earlier: 100, later: 100, isFlat: true },
    },
    {
      situation: 'too few samples to tell: not flat',
      samples: steps(7, () => 100),
      want: { earlier: 100, later: 100, isFlat: false },
    },
    { situation: 'no samples: not flat', samples: [], want: { earlier: NaN, later: NaN, isFlat: false } },
  ])('$situation', ({ samples, want }) => {
    expect(flatnessOf(samples)).toEqual(want);
  });
});
