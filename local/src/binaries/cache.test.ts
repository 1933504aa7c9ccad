import { describe, expect, test } from '@jest/globals';
import { cacheKeyOf, cacheRootOf } from './cache.ts';

describe('cacheKeyOf', () => {
  const input = { contents: ['module a', 'sum'], flags: ['-s -w'], platform: 'linux-x64' };

  test('the same input is the same folder, named after the platform', () => {
    expect(cacheKeyOf(input)).toBe(cacheKeyOf({ ...input, contents: [...input.contents] }));
    expect(cacheKeyOf(input)).toMatch(/^linux-x64-[0-9a-f]{16}$/);
  });

  test.each([
    { situation: 'another go.sum', other: { ...input, contents: ['module a', 'sum2'] } },
    { situation: 'other flags', other: { ...input, flags: [] } },
    { situation: 'another platform', other: { ...input, platform: 'linux-arm64' } },
    { situation: 'the same bytes, cut elsewhere', other: { ...input, contents: ['module asum', ''] } },
  ])('$situation is another folder', ({ other }) => {
    expect(cacheKeyOf(other)).not.toBe(cacheKeyOf(input));
  });
});

describe('cacheRootOf', () => {
  test.each([
    { situation: 'nothing set: the home folder', env: {}, want: '/home/me/.cache/holdpoint' },
    { situation: 'XDG_CACHE_HOME', env: { XDG_CACHE_HOME: '/xdg' }, want: '/xdg/holdpoint' },
    { situation: 'our own wins', env: { XDG_CACHE_HOME: '/xdg', HOLDPOINT_CACHE: '/own' }, want: '/own' },
    {
      situation: 'empty is not set',
      env: { XDG_CACHE_HOME: '', HOLDPOINT_CACHE: '' },
      want: '/home/me/.cache/holdpoint',
    },
  ])('$situation', ({ env, want }) => {
    expect(cacheRootOf(env, '/home/me')).toBe(want);
  });
});
