import { describe, expect, test } from '@jest/globals';
import { createRepeatedValues, type Sought } from './repeated-values.ts';

const plain = (...values: string[]): Sought => values.map((value) => [value, value]);
/** More than are looked for one by one. */
const many = plain(...Array.from({ length: 100 }, (_, at) => `value-${String(at)}-of-many`));

describe.each([
  ['a few values', plain('value-7-of-many', 'value-7')],
  ['many', [...many, ...plain('value-7')]],
])('of %s', (_situation, sought) => {
  test.each<[string, string, string[]]>([
    ['none', 'nothing of them', []],
    ['one within others', 'is value-7, not more', ['value-7']],
    ['one that holds another: the longer first', 'is value-7-of-many', ['value-7-of-many', 'value-7']],
    ['the same twice: once', 'value-7 value-7', ['value-7']],
    ['at the very end', 'x value-7', ['value-7']],
    ['too short to be any', 'val', []],
  ])('%s', (_case, text, want) => {
    expect(createRepeatedValues(sought, 7)(text)).toEqual(want);
  });
});

test('in another form than their own', () => {
  const sought: Sought = [...many, ['a\\"quoted', 'a"quoted']];
  expect(createRepeatedValues(sought, 8)('is a\\"quoted one')).toEqual(['a"quoted']);
});

test('values and texts that were made to cost it: nobody finds out, from then on', () => {
  const sought = plain(...Array.from({ length: 5_000 }, (_, at) => `AAAAAAAA${String(at)}`));
  const find = createRepeatedValues(sought, 8);
  expect(find('A'.repeat(10_000))).toBe(undefined);
  expect(find('A'.repeat(9))).toBe(undefined);
});
