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

  test.each<[string, readonly [key: string, size: number][], readonly string[]]>([
    [
      'sizes, not keys, are what is bounded',
      [
        ['a', 30],
        ['b', 30],
        ['c', 30],
        ['d', 30],
      ],
      ['c', 'd'],
    ],
    [
      'small ones fit in great numbers',
      [
        ['a', 1],
        ['b', 1],
        ['c', 1],
        ['d', 1],
      ],
      ['a', 'b', 'c', 'd'],
    ],
    [
      'what alone would fill a generation pushes nothing out',
      [
        ['a', 30],
        ['b', 51],
      ],
      ['a'],
    ],
    [
      '… and what it was before is gone',
      [
        ['a', 30],
        ['b', 10],
        ['b', 51],
      ],
      ['a'],
    ],
    [
      'written anew, a key counts once',
      [
        ['a', 20],
        ['a', 25],
        ['a', 25],
        ['b', 25],
      ],
      ['a', 'b'],
    ],
  ])('%s', (_situation, written, want) => {
    const generations = createGenerations<number>(100, (_key, size) => size);
    for (const [key, size] of written) generations.set(key, size);
    const kept = ['a', 'b', 'c', 'd'].filter((key) => generations.get(key) !== undefined);
    expect(kept).toEqual(want);
  });

  test('sizes never pass the bound, and the last half is there', () => {
    const sizes = [3, 17, 1, 40, 8, 22];
    const generations = createGenerations<number>(100, (_key, size) => size);
    const written: { key: string; size: number }[] = [];
    for (let i = 0; i < 300; i += 1) {
      const size = sizes[i % sizes.length] ?? 1;
      written.push({ key: String(i), size });
      generations.set(String(i), size);
    }
    // From the newest on, for what is asked for is kept, and pushes out what is older.
    const kept = written.toReversed().filter(({ key }) => generations.get(key) !== undefined);
    expect(kept.reduce((sum, { size }) => sum + size, 0)).toBeLessThanOrEqual(100);
    expect(kept.slice(0, 2)).toEqual(written.toReversed().slice(0, 2));
  });
});
