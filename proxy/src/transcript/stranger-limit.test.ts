import { expect, test } from '@jest/globals';
import { createStrangerLimit } from './stranger-limit.ts';

test('a burst, then so many a second, and never more than a burst saved up', () => {
  let nowMs = 1_000;
  const limit = createStrangerLimit(() => nowMs, 2, 3);
  const admitted = (tries: number): number => Array.from({ length: tries }, () => limit.admit()).filter(Boolean).length;
  expect(admitted(10)).toBe(3);
  nowMs += 1_000;
  expect(admitted(10)).toBe(2);
  nowMs += 3_600_000;
  expect(admitted(10)).toBe(3);
  nowMs -= 7_200_000;
  expect(admitted(10)).toBe(0);
});
