import { describe, expect, test } from '@jest/globals';
import { formatSpan } from './age.ts';

const s = 1_000;
const m = 60 * s;
const h = 60 * m;
const d = 24 * h;

// The steps of k8s.io/apimachinery util/duration HumanDuration.
describe('formatSpan', () => {
  test.each([
    { ms: 0, want: '0s' },
    { ms: 999, want: '0s' },
    { ms: 119 * s + 999, want: '119s' },
    { ms: 2 * m, want: '2m' },
    { ms: 5 * m + 10 * s, want: '5m10s' },
    { ms: 10 * m - 1, want: '9m59s' },
    { ms: 10 * m + 59 * s, want: '10m' },
    { ms: 3 * h - 1, want: '179m' },
    { ms: 3 * h, want: '3h' },
    { ms: 3 * h + 5 * m, want: '3h5m' },
    { ms: 8 * h + 5 * m, want: '8h' },
    { ms: 2 * d - 1, want: '47h' },
    { ms: 2 * d, want: '2d' },
    { ms: 2 * d + 3 * h, want: '2d3h' },
    { ms: 8 * d + 3 * h, want: '8d' },
    { ms: 2 * 365 * d - 1, want: '729d' },
    { ms: 2 * 365 * d + 3 * d, want: '2y3d' },
    { ms: 8 * 365 * d + 3 * d, want: '8y' },
    { ms: -5 * s, want: '0s' },
    { ms: Number.NaN, want: '<unknown>' },
  ])('$ms ms: $want', ({ ms, want }) => {
    expect(formatSpan(ms)).toBe(want);
  });
});
