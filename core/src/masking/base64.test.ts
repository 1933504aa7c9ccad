import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { textOfBase64 } from './base64-text.ts';
import { base64OfBytes, base64OfText, bytesOfBase64, decodedLength, utf8Bytes } from './base64.ts';

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');

test('is what Node says, for any text', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), (text) => {
      const encoded = base64(text);
      expect([base64OfText(text), base64OfBytes(utf8Bytes(text))]).toEqual([encoded, encoded]);
      expect(bytesOfBase64(encoded)).toEqual([...Buffer.from(text, 'utf8')]);
      expect(decodedLength(encoded)).toBe(Buffer.byteLength(text));
    }),
    { numRuns: 200 },
  );
});

test('the text behind it is what a decoder that accepts no broken UTF-8 says', () => {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const decoded = (bytes: Uint8Array): string | undefined => {
    try {
      return decoder.decode(bytes);
    } catch {
      return undefined;
    }
  };
  const text = fc.string({ unit: 'binary', maxLength: 40 }).map((each) => Buffer.from(each));
  // Most bytes at random are no UTF-8; a text with one byte changed or the end cut off often nearly is.
  const damaged = fc.tuple(text, fc.nat(), fc.nat(255), fc.nat(3)).map(([bytes, at, byte, cut]) => {
    const changed = Buffer.from(bytes);
    if (changed.length > 0) changed[at % changed.length] = byte;
    return changed.subarray(0, Math.max(0, changed.length - cut));
  });
  const long = fc.nat(3).map((more) => Buffer.from('é😀a'.repeat(3_000) + 'x'.repeat(more)));
  fc.assert(
    fc.property(fc.oneof(text, damaged, damaged, fc.uint8Array({ maxLength: 8 }), long), (bytes) => {
      expect(textOfBase64(Buffer.from(bytes).toString('base64'))).toBe(decoded(bytes));
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ['without padding', 'aGk', 2],
  ['in lines, as Go decodes it', 'aGVs\nbG8=\r\n', 5],
  ['with padding in its middle', 'aG=k', 2],
  ['empty', '', 0],
])('tells the length of what is written %s', (_situation, encoded, want) => {
  expect(decodedLength(encoded)).toBe(want);
});
