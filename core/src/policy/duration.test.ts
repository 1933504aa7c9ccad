import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseDurationSeconds } from './duration.ts';

describe('parseDurationSeconds', () => {
  test.each([
    { situation: 'seconds', text: '90s', wantSeconds: 90 },
    { situation: 'minutes', text: '10m', wantSeconds: 600 },
    { situation: 'hours and minutes', text: '1h30m', wantSeconds: 5_400 },
    { situation: 'all three units', text: '1h1m1s', wantSeconds: 3_661 },
    { situation: 'units in any order', text: '5s1m', wantSeconds: 65 },
    { situation: 'a unit given twice: added', text: '1m1m', wantSeconds: 120 },
    { situation: 'the longest', text: '999999h999999m999999s', wantSeconds: 999_999 * 3_661 },
    { situation: 'leading zeros', text: '007s', wantSeconds: 7 },
    { situation: 'zero: no duration', text: '0s', wantSeconds: undefined },
    { situation: 'zeros: no duration', text: '0h0m0s', wantSeconds: undefined },
    { situation: 'empty: no duration', text: '', wantSeconds: undefined },
    { situation: 'a number without unit: no duration', text: '90', wantSeconds: undefined },
    { situation: 'a unit without number: no duration', text: 'h', wantSeconds: undefined },
    { situation: 'milliseconds, which Go knows: no duration', text: '500ms', wantSeconds: undefined },
    { situation: 'a fraction, which Go knows: no duration', text: '1.5h', wantSeconds: undefined },
    { situation: 'days: no duration', text: '1d', wantSeconds: undefined },
    { situation: 'a sign: no duration', text: '-5m', wantSeconds: undefined },
    { situation: 'white space: no duration', text: ' 5m', wantSeconds: undefined },
    { situation: 'a line break at the end: no duration', text: '5m\n', wantSeconds: undefined },
    { situation: 'seven digits: no duration', text: '1000000s', wantSeconds: undefined },
    { situation: 'four parts: no duration', text: '1h1m1s1s', wantSeconds: undefined },
    { situation: 'digits of another script: no duration', text: '٣m', wantSeconds: undefined },
  ])('$situation', ({ text, wantSeconds }) => {
    expect(parseDurationSeconds(text)).toBe(wantSeconds);
  });

  test('any text: undefined, or a whole number of seconds above zero', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^(\d{1,7}[hmsd]){1,4}$/)), (text) => {
        const seconds = parseDurationSeconds(text);
        expect(seconds === undefined || (Number.isSafeInteger(seconds) && seconds > 0)).toBe(true);
      }),
    );
  });
});
