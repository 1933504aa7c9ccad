import { describe, expect, test } from '@jest/globals';
import { createGenerations } from './generations.ts';

describe('createGenerations', () => {
  test('the last half of them is there, and no more than all of them', () => {
    const generations = createGenerations<number>(100);
    for (let i = 0; i < 1_000; i += 1) generations.set(String(i), i);
    const kept = Array.from({ length: 1_000 }, (_, i) => generations.get(String(i))).filter(
      (each) => each !== undefined,
    );
    expect(kept.length).toBeLessThanOrEqual(100);
    expect(kept.slice(-50)).toEqual(Array.from({ length: 50 }, (_, i) => 950 + i));
  });

  test('what is asked for stays', () => {
    const generations = createGenerations<number>(10);
    generations.set('often', 1);
    for (let i = 0; i < 1_000; i += 1) {
      generations.set(String(i), i);
      expect(generations.get('often')).toBe(1);
    }
  });

  test('the newest value counts', () => {
    const generations = createGenerations<number>(2);
    generations.set('a', 1);
    generations.set('b', 2);
    generations.set('a', 3);
    expect(generations.get('a')).toBe(3);
  });
});
