import { describe, expect, test } from '@jest/globals';
import { nativeOfVersion } from './native.ts';

const text = (value: string): number[] => [value.length, ...Buffer.from(value)];
const info = [1, 0, 2, 255, 255, 255, 255, 0];
const u64 = (value: number): number[] => [value, 0, 0, 0, 0, 0, 0, 0];

describe('nativeOfVersion', () => {
  test.each([
    { situation: 'a number', type: 'UInt8', data: [7] },
    { situation: 'a string', type: 'String', data: text('abc') },
    { situation: 'nullable', type: 'Nullable(UInt16)', data: [0, 1, 2] },
    { situation: 'an array', type: 'Array(UInt8)', data: [...u64(2), 5, 6] },
    { situation: 'an empty array', type: 'Array(String)', data: u64(0) },
    { situation: 'a map', type: 'Map(String, UInt8)', data: [...u64(1), ...text('k'), 9] },
    { situation: 'a tuple with names', type: "Tuple(a UInt8, `b c` DateTime64(6, 'UTC'))", data: [1, ...u64(2)] },
    {
      situation: 'low cardinality',
      type: 'LowCardinality(String)',
      data: [...u64(1), 0, 6, 0, 0, 0, 0, 0, 0, ...u64(1), ...text('k'), ...u64(1), 0],
    },
    { situation: 'a comma in an enum', type: "Enum8('a,(' = 1)", data: [1] },
  ])('$situation', ({ type, data }) => {
    const head = [1, 1, ...text('x'), ...text(type)];
    const block = Buffer.from([...head, ...data]);
    expect([...nativeOfVersion(block, 54_405)]).toEqual([...info, ...head, ...data]);
    expect([...nativeOfVersion(Buffer.concat([block, block]), 54_460)]).toEqual(
      [0, 1].flatMap(() => [...info, ...head, 0, ...data]),
    );
  });

  test.each([
    { situation: 'a type that is not known', bytes: [1, 1, ...text('x'), ...text('Dynamic'), 0] },
    { situation: 'a block that ends too early', bytes: [1, 1, ...text('x'), ...text('UInt64'), 0] },
    { situation: 'a length beyond the end', bytes: [1, 1, ...text('x'), ...text('String'), 200] },
  ])('$situation', ({ bytes }) => {
    expect(() => nativeOfVersion(Buffer.from(bytes), 54_460)).toThrow(/^Native: /);
  });
});
