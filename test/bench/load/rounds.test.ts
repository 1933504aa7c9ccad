import { describe, expect, test } from '@jest/globals';
import { createRandom, interleaved, shuffled } from './rounds.ts';

const arms = ['a', 'b', 'c'];

describe('createRandom', () => {
  const ten = (seed: number): number[] => {
    const random = createRandom(seed);
    return Array.from({ length: 10 }, random);
  };
  test('the same seed: the same numbers', () => expect(ten(7)).toEqual(ten(7)));
  test('another seed: others', () => expect(ten(7)).not.toEqual(ten(8)));
  test('all in [0, 1)', () => expect(ten(7).every((value) => value >= 0 && value < 1)).toBe(true));
});

describe('interleaved', () => {
  const rounds = interleaved(arms, 600, createRandom(1));

  test('every arm once a round', () => {
    expect(new Set(rounds.map((round) => [...round].sort().join('')))).toEqual(new Set(['abc']));
  });

  test('every order about as often as any other', () => {
    const counts = new Map<string, number>();
    for (const round of rounds) counts.set(round.join(''), (counts.get(round.join('')) ?? 0) + 1);
    expect([...counts.keys()].sort()).toEqual(['abc', 'acb', 'bac', 'bca', 'cab', 'cba']);
    // 100 each are expected; 60 is more than four standard deviations away.
    expect(Math.min(...counts.values())).toBeGreaterThan(60);
  });
});

test('shuffled does not touch its input', () => {
  shuffled(arms, createRandom(1));
  expect(arms).toEqual(['a', 'b', 'c']);
});
