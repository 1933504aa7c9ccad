import { describe, expect, test } from '@jest/globals';
import { headerLength } from './header-length.ts';

describe('headerLength', () => {
  const binary = (...bytes: number[]): Buffer => Buffer.from(bytes);
  test.each([
    { situation: 'no header', format: 'TabSeparated', piece: Buffer.from('1\n'), want: 0 },
    { situation: 'names', format: 'TSVWithNames', piece: Buffer.from('n\n1\n'), want: 2 },
    { situation: 'names and types', format: 'TSVWithNamesAndTypes', piece: Buffer.from('n\nUInt8\n1\n'), want: 8 },
    { situation: 'a line feed in a name', format: 'CSVWithNames', piece: Buffer.from('"a\nb"\n1\n'), want: 6 },
    { situation: 'a quote in a name', format: 'CSVWithNames', piece: Buffer.from('"a""b"\n1\n'), want: 7 },
    { situation: 'no rows', format: 'CSVWithNames', piece: Buffer.from('"a"\n'), want: 4 },
    { situation: 'binary, names', format: 'RowBinaryWithNames', piece: binary(1, 1, 0x6e, 7), want: 3 },
    {
      situation: 'binary, names and types',
      format: 'RowBinaryWithNamesAndTypes',
      piece: binary(1, 1, 0x6e, 2, 0x55, 0x38, 7),
      want: 6,
    },
    { situation: 'binary, cut off', format: 'RowBinaryWithNames', piece: binary(2, 200), want: 2 },
  ])('$situation', ({ format, piece, want }) => {
    expect(headerLength(format, piece)).toBe(want);
  });
});
