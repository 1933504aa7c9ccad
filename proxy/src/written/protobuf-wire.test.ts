import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { bytesOf, fieldsOf, lengthDelimited, textOf } from './protobuf-wire.ts';

/** A varint and the two fixed sizes beside length-delimited fields, as any message has them. */
const field = fc.oneof(
  fc.record({ number: fc.integer({ min: 1, max: 2 ** 15 }), bytes: fc.uint8Array({ maxLength: 300 }) }),
  fc.constantFrom(
    { whole: [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], number: 1 },
    { whole: [0x11, 1, 2, 3, 4, 5, 6, 7, 8], number: 2 },
    { whole: [0x1d, 1, 2, 3, 4], number: 3 },
  ),
);
type AnyField = typeof field extends fc.Arbitrary<infer Value> ? Value : never;
const encode = (each: AnyField): Buffer =>
  'whole' in each ? Buffer.from(each.whole) : lengthDelimited(each.number, Buffer.from(each.bytes));

describe('the fields of a message', () => {
  test('any bytes: read to the last, or not at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const message = Buffer.from(bytes);
        const fields = fieldsOf(message);
        if (fields !== undefined) expect(Buffer.concat(fields.map(({ whole }) => whole))).toEqual(message);
      }),
      { numRuns: 2_000 },
    );
  });

  test('what was written comes back, of several the last', () => {
    fc.assert(
      fc.property(fc.array(field, { maxLength: 12 }), (written) => {
        const fields = fieldsOf(Buffer.concat(written.map(encode)));
        expect(fields?.map(({ number, bytes }) => ({ number, bytes }))).toEqual(
          written.map((each) => ({
            number: each.number,
            bytes: 'whole' in each ? undefined : Buffer.from(each.bytes),
          })),
        );
        const last = written.findLast(({ number }) => number === 1);
        if (last !== undefined && 'bytes' in last) expect(bytesOf(fields, 1)).toEqual(Buffer.from(last.bytes));
      }),
    );
  });

  test('a message that is cut off within a field is not read', () => {
    fc.assert(
      fc.property(fc.array(field, { minLength: 1, maxLength: 6 }), fc.nat(), (written, at) => {
        const pieces = written.map(encode);
        const whole = Buffer.concat(pieces);
        let boundary = 0;
        const boundaries = new Set([0, ...pieces.map(({ length }) => (boundary += length))]);
        const cut = at % whole.length;
        expect(fieldsOf(whole.subarray(0, cut)) === undefined).toBe(!boundaries.has(cut));
      }),
    );
  });

  test.each<[string, number[]]>([
    ['a group, which nobody uses any more', [0x0b]],
    ['a length without an end', [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ['a length beyond the message', [0x0a, 0xff, 0xff, 0xff, 0x7f, 1]],
  ])('%s: not read', (_situation, bytes) => {
    expect(fieldsOf(Buffer.from(bytes))).toBeUndefined();
  });

  test('no message has no field', () => {
    expect([fieldsOf(undefined), textOf(undefined, 1)]).toEqual([undefined, '']);
  });
});
