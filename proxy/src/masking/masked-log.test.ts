import { expect, test } from '@jest/globals';
import { createMask } from '@holdpoint/core';
import { createLogMasker } from './masked-log.ts';

const mask = createMask(() => 'a'.repeat(64));
const token = (length: number): string => `holdpoint-mask:v1:${'a'.repeat(32)}:${String(length)}`;
const pushAll = (...chunks: string[]): string[] => {
  const masker = createLogMasker(mask);
  return [...chunks.map((chunk) => masker.push(Buffer.from(chunk)).toString()), masker.end().toString()];
};
const body = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC';
const key = `-----BEGIN PRIVATE KEY-----\n${body}\n${body}\nAb==\n-----END PRIVATE KEY-----`;

test.each<[string, string[], string[]]>([
  ['a line goes on with its end', ['one\n', 'two', '\nthree\n'], ['one\n', '', 'two\nthree\n', '']],
  ['a last line without an end goes on at the end', ['one'], ['', 'one']],
  ['a credential across chunks', ['pass', 'word=hun', 'ter2!x\nnext\n'], ['', '', `password=${token(9)}\nnext\n`, '']],
  ['line ends of Windows stay', ['password=hunter2!x\r\nb\r\n'], [`password=${token(9)}\r\nb\r\n`, '']],
  [
    'a manifest on a line with its time',
    ['2026-01-01T00:00:00.000000001Z {"kind":"Secret","data":{"k":"aGk="}}\n'],
    [
      `2026-01-01T00:00:00.000000001Z {"kind":"Secret","data":{"k":"${Buffer.from(token(2)).toString('base64')}"}}\n`,
      '',
    ],
  ],
  ['a private key is one mask, and what follows goes on', [`${key}\nnext\n`], [`${token(key.length)}\nnext\n`, '']],
  ['a private key that comes line by line', key.split(/(?<=\n)/), ['', '', '', '', '', token(key.length)]],
  [
    'a private key that never ends: the mask of what there is',
    [`-----BEGIN PRIVATE KEY-----\n${body}\n`, 'listening on port 8080\n', 'ready\n'],
    ['', `${token(28 + body.length)}\nlistening on port 8080\n`, 'ready\n', ''],
  ],
  [
    'talk of a private key holds nothing up',
    ['no -----BEGIN PRIVATE KEY----- found\n', 'ready\n'],
    [`no ${token(33)}\n`, 'ready\n', ''],
  ],
  ['bytes that are no text stay', ['\u0000\u0007 é\n'], ['\u0000\u0007 é\n', '']],
])('%s', (_situation, chunks, want) => {
  expect(pushAll(...chunks)).toEqual(want);
});

test('what is no UTF-8 comes out as it was', () => {
  const bytes = Buffer.from([0xff, 0xfe, 0x41, 0x0a]);
  expect(createLogMasker(mask).push(bytes)).toEqual(bytes);
});

test('a line that never ends is not held for ever, and a token across its pieces is masked', () => {
  const secret = `ghp_${'Ab1'.repeat(12)}`;
  const filler = 'word '.repeat(45_000);
  for (const shift of [0, 3, 17, 29]) {
    const line = `${filler.slice(0, 229_376 - 20 + shift)} ${secret} ${filler}`;
    const [first = '', last = ''] = pushAll(line);
    expect(first).not.toBe('');
    expect(first + last).not.toContain(secret.slice(4));
    expect((first + last).replace(token(secret.length), secret)).toBe(line);
  }
});

test('lines of a key that has too many are no key', () => {
  const lines = `-----BEGIN PRIVATE KEY-----\n${`${body}\n`.repeat(450)}`;
  const shown = pushAll(lines).join('');
  expect(shown.startsWith('holdpoint-mask:')).toBe(true);
  expect(shown.endsWith(`${body}\n`)).toBe(true);
});
