import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createFrameReader } from './websocket-frames.ts';

/** Writes a frame as RFC 6455, section 5.2 has it; a client's are masked. */
function frame(payload: Buffer, options: { opcode?: number; fin?: boolean; key?: Buffer } = {}): Buffer {
  const { opcode = 2, fin = true, key } = options;
  const masked = key === undefined ? 0 : 0x80;
  const length = payload.length;
  const size =
    length < 126
      ? Buffer.from([masked | length])
      : length < 65_536
        ? Buffer.from([masked | 126, length >> 8, length & 255])
        : Buffer.from([
            masked | 127,
            0,
            0,
            0,
            0,
            length >>> 24,
            (length >> 16) & 255,
            (length >> 8) & 255,
            length & 255,
          ]);
  const body = key === undefined ? payload : Buffer.from(payload.map((byte, at) => byte ^ (key[at & 3] ?? 0)));
  return Buffer.concat([Buffer.from([(fin ? 0x80 : 0) | opcode]), size, key ?? Buffer.alloc(0), body]);
}

const key = Buffer.from([1, 2, 3, 4]);

test.each([
  ['an empty frame', 0, undefined],
  ['a short one', 5, undefined],
  ['a short one, masked', 5, key],
  ['the longest with a short length', 125, key],
  ['the shortest with a 16-bit length', 126, key],
  ['the longest with a 16-bit length', 65_535, undefined],
  ['the shortest with a 64-bit length', 65_536, key],
])('reads %s', (_situation, length, masking) => {
  const payload = Buffer.alloc(length, 'abc');
  const raw = frame(payload, { ...(masking === undefined ? {} : { key: masking }) });
  expect(createFrameReader()(raw)).toEqual([{ raw, opcode: 2, fin: true, payload }]);
});

test('gives nothing of a frame before it is whole', () => {
  const raw = frame(Buffer.from('hello'), { key });
  const read = createFrameReader();
  for (const byte of raw.subarray(0, -1)) expect(read(Buffer.from([byte]))).toEqual([]);
  expect(read(raw.subarray(-1))).toEqual([{ raw, opcode: 2, fin: true, payload: Buffer.from('hello') }]);
});

test.each([
  ['a reserved bit, as compression sets', Buffer.from([0xc2, 0]), 'uses an extension that was not agreed on'],
  ['a size beyond reason', Buffer.from([0x82, 127, 255, 0, 0, 0, 0, 0, 0, 0]), 'is larger than 16777216 bytes'],
])('refuses %s', (_situation, bytes, want) => {
  expect(() => createFrameReader()(bytes)).toThrow(want);
});

test('however the bytes are cut, the same frames come out, and their bytes are the bytes that came in', () => {
  const frames = fc.array(fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(0, 1, 2, 8, 9), fc.boolean()));
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (wanted, cuts) => {
      const bytes = Buffer.concat(
        wanted.map(([payload, opcode, masked]) => frame(Buffer.from(payload), { opcode, ...(masked ? { key } : {}) })),
      );
      const read = createFrameReader();
      const got = [];
      for (let at = 0, cut = 0; at < bytes.length; cut += 1) {
        const size = cuts[cut % cuts.length] ?? 1;
        got.push(...read(bytes.subarray(at, at + size)));
        at += size;
      }
      expect(Buffer.concat(got.map((each) => each.raw)).equals(bytes)).toBe(true);
      expect(got.map((each) => [...each.payload])).toEqual(wanted.map(([payload]) => [...payload]));
    }),
  );
});
