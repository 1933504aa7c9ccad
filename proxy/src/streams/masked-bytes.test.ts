import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { createMask } from '@holdpoint/core';
import { createMaskedBytes } from './masked-bytes.ts';

const mask = createMask((text) => createHash('sha256').update(text).digest('hex'));
const token = `ghp_${'a1B2'.repeat(9)}`;

function through(...chunks: Buffer[]): Buffer {
  const masked = createMaskedBytes(mask);
  return Buffer.concat([...chunks.map((chunk) => masked.push(chunk)), masked.end()]);
}

test('random bytes pass as they are, however they are cut', () => {
  const bytes = randomBytes(200_000);
  expect(through(bytes).equals(bytes)).toBe(true);
  expect(through(bytes.subarray(0, 77_777), bytes.subarray(77_777)).equals(bytes)).toBe(true);
});

test.each<{ situation: string; chunks: (string | number[])[]; want: string; encoding?: BufferEncoding }>([
  { situation: 'a character in two chunks', chunks: ['gr', [0xc3], [0xbc], 'n\n'], want: 'grün\n' },
  { situation: 'a character that stays cut off', chunks: ['gr', [0xc3]], want: 'gr\xc3', encoding: 'latin1' },
  { situation: 'a token in text', chunks: [`ü ${token}\n`], want: 'ü holdpoint-mask:v1:' },
  { situation: 'a token after a NUL', chunks: [[0], `${token}\n`], want: `\0${'*'.repeat(40)}\n` },
  { situation: 'a NUL behind a token on the same line', chunks: [token, [0]], want: `${'*'.repeat(40)}\0` },
  {
    situation: 'text in another encoding',
    chunks: ['gr', [0xfc], `n ${token}\n`],
    want: `gr\xfcn ${'*'.repeat(40)}\n`,
    encoding: 'latin1',
  },
])('$situation', ({ chunks, want, encoding = 'utf8' }) => {
  const bytes = chunks.map((chunk) => Buffer.from(chunk as string));
  const got = through(...bytes);
  const text = got.toString(encoding);
  expect(text.slice(0, want.length)).toBe(want);
  expect(text).not.toContain(token);
});
