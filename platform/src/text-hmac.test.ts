import { createHmac } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createTextHmac } from './text-hmac.ts';

const expected = (key: Uint8Array, text: string): string => createHmac('sha256', key).update(text).digest('hex');

test.each<[string, Buffer, string, string]>([
  // RFC 4231, sections 4.2, 4.3 and 4.7.
  [
    'a short key',
    Buffer.alloc(20, 0x0b),
    'Hi There',
    'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  ],
  [
    'a key that is a word',
    Buffer.from('Jefe'),
    'what do ya want for nothing?',
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  [
    'a key longer than a block',
    Buffer.alloc(131, 0xaa),
    'Test Using Larger Than Block-Size Key - Hash Key First',
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  ],
])('is what the RFC says, with %s', (_situation, key, text, want) => {
  expect(createTextHmac(key)(text)).toBe(want);
});

test('is what node:crypto says, one text after the other', () => {
  const key = fc.uint8Array({ minLength: 1, maxLength: 140 });
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    // Half of a pair stands for U+FFFD.
    fc.constantFrom('\ud800', 'a\udc00b', '😀'.repeat(2_048), 'é'.repeat(4_096), 'é'.repeat(4_097)),
    fc.nat(10_000).map((length) => 'x'.repeat(length)),
  );
  fc.assert(
    fc.property(key, fc.array(text, { minLength: 1, maxLength: 4 }), (key, texts) => {
      const hmac = createTextHmac(key);
      expect(texts.map(hmac)).toEqual(texts.map((text) => expected(key, text)));
    }),
    { numRuns: 500 },
  );
});
