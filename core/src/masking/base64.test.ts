import { expect, test } from '@jest/globals';
import fc from 'fast-check';
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

test.each([
  ['without padding', 'aGk', 2],
  ['in lines, as Go decodes it', 'aGVs\nbG8=\r\n', 5],
  ['with padding in its middle', 'aG=k', 2],
  ['empty', '', 0],
])('tells the length of what is written %s', (_situation, encoded, want) => {
  expect(decodedLength(encoded)).toBe(want);
});
