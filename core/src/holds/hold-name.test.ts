import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { holdNameOf } from './hold-name.ts';

const digest = (hex: string): string => `hmac-sha256:${hex.padEnd(64, '0')}`;

describe('holdNameOf', () => {
  test.each([
    { situation: 'all zeros', hex: '', attempt: 1, want: 'h-0000-0000' },
    { situation: 'all ones', hex: 'ffffffffff', attempt: 1, want: 'h-zzzz-zzzz' },
    { situation: 'the last of the 40 bits', hex: '0000000001', attempt: 1, want: 'h-0000-0001' },
    { situation: 'the first', hex: '8000000000', attempt: 1, want: 'h-g000-0000' },
    { situation: 'what comes after 40 bits: does not count', hex: '00000000008', attempt: 1, want: 'h-0000-0000' },
    { situation: 'the second attempt', hex: 'ffffffffff', attempt: 2, want: 'h-zzzz-zzzz-2' },
    { situation: 'the hundredth', hex: 'ffffffffff', attempt: 100, want: 'h-zzzz-zzzz-100' },
  ])('$situation', ({ hex, attempt, want }) => {
    expect(holdNameOf(digest(hex), attempt)).toBe(want);
  });

  test('any digest and attempt: a Kubernetes name without i, l, o and u; the same each time; another for another attempt', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9a-f]{64}$/), fc.integer({ min: 1, max: 10_000 }), (hex, attempt) => {
        const name = holdNameOf(digest(hex), attempt);
        expect(name).toMatch(/^h-[0-9a-hjkmnp-tv-z]{4}-[0-9a-hjkmnp-tv-z]{4}(-[1-9][0-9]*)?$/);
        expect(holdNameOf(digest(hex), attempt)).toBe(name);
        expect(holdNameOf(digest(hex), attempt + 1)).not.toBe(name);
      }),
    );
  });
});
