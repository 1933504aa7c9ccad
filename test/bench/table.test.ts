import { describe, expect, test } from '@jest/globals';
import { fixed, tableOf } from './table.ts';

describe('tableOf', () => {
  test('names to the left, figures to the right, as wide as the widest', () => {
    const rows = [
      { name: 'a', value: 1 },
      { name: 'longer', value: 1_000 },
    ];
    const columns = [
      ['what', (row: { name: string }) => row.name],
      ['n', (row: { value: number }) => String(row.value)],
    ] as const;
    expect(tableOf<(typeof rows)[number]>(columns, rows)).toBe(
      ['| what   |    n |', '| ------ | ---: |', '| a      |    1 |', '| longer | 1000 |'].join('\n'),
    );
  });

  test('no rows: the heading alone', () => {
    expect(tableOf([['what', String]], [])).toBe(['| what |', '| ---- |'].join('\n'));
  });
});

test.each([
  { situation: 'rounded', value: 1.256, want: '1.26' },
  { situation: 'not a number: a dash', value: NaN, want: '–' },
  { situation: 'infinite: a dash', value: Infinity, want: '–' },
])('fixed: $situation', ({ value, want }) => {
  expect(fixed(value, 2)).toBe(want);
});
