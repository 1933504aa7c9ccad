import { expect, test } from '@jest/globals';
import { createTokenCache } from './token-cache.ts';

test('knows a token until its time', () => {
  let now = 0;
  const cache = createTokenCache<string>({ maxEntries: 10, maxCharacters: 100 }, () => now);
  cache.put('a', 'alice', 10);
  expect(cache.get('a')).toBe('alice');
  expect(cache.get('b')).toBeUndefined();
  now = 10;
  expect(cache.get('a')).toBeUndefined();
});

test('forgets the oldest once there are too many, or too long ones', () => {
  const cache = createTokenCache<string>({ maxEntries: 2, maxCharacters: 10 }, () => 0);
  cache.put('a', '1', 1);
  cache.put('b', '2', 1);
  cache.put('a', '3', 1);
  cache.put('c', '4', 1);
  expect(['a', 'b', 'c'].map((token) => cache.get(token))).toEqual(['3', undefined, '4']);
  cache.put('ddddddddd', '5', 1);
  expect(['a', 'c', 'ddddddddd'].map((token) => cache.get(token))).toEqual([undefined, '4', '5']);
});
