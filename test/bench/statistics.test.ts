import { describe, expect, test } from '@jest/globals';
import { quantile, sorted, spreadOf, sum } from './statistics.ts';

describe('quantile', () => {
  const hundred = sorted(Array.from({ length: 100 }, (_, i) => 100 - i));
  test.each([
    { situation: 'the median of a hundred', values: hundred, q: 0.5, want: 50 },
    { situation: 'their p99', values: hundred, q: 0.99, want: 99 },
    { situation: 'their greatest', values: hundred, q: 1, want: 100 },
    { situation: 'their least', values: hundred, q: 0, want: 1 },
    { situation: 'the p99 of few: the greatest', values: sorted([3, 1, 2]), q: 0.99, want: 3 },
    { situation: 'numbers, not texts: 10 is more than 9', values: sorted([10, 9]), q: 0.5, want: 9 },
    { situation: 'of nothing: NaN', values: sorted([]), q: 0.5, want: NaN },
  ])('$situation', ({ values, q, want }) => {
    expect(quantile(values, q)).toBe(want);
  });
});

describe('spreadOf', () => {
  test.each([
    { situation: 'three', values: [3, 1, 2], want: { min: 1, median: 2, max: 3 } },
    { situation: 'a ratio to nothing: left out', values: [NaN, 2, Infinity], want: { min: 2, median: 2, max: 2 } },
    { situation: 'none: NaN', values: [NaN], want: { min: NaN, median: NaN, max: NaN } },
  ])('$situation', ({ values, want }) => {
    expect(spreadOf(values)).toEqual(want);
  });
});

test('sum: of all, and of none 0', () => {
  expect([sum([1, 2, 3.5]), sum([])]).toEqual([6.5, 0]);
});
