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
const wide = body.repeat(2);
const time = '2026-01-01T00:00:00.000000001Z';
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
  [
    'a log that begins within a key, up to its end: the mask of what there is',
    [`${wide}\nAb==\n-----END PRIVATE KEY-----\nready\n`],
    [`${token(wide.length + 5)}\n-----END PRIVATE KEY-----\nready\n`, ''],
  ],
  [
    'a log that begins within a certificate: as it is',
    [`${wide}\n-----END CERTIFICATE-----\n`],
    [`${wide}\n-----END CERTIFICATE-----\n`, ''],
  ],
  [
    'a log that begins within a key, with the time of each line',
    [`${time} ${wide}\n${time} -----END EC PRIVATE KEY-----\n`],
    [`${time} ${token(wide.length)}\n${time} -----END EC PRIVATE KEY-----\n`, ''],
  ],
  ['whole lines of a key, and no end: masked', [`${wide}\n`, 'ready\n'], ['', `${token(64)}\nready\n`, '']],
  [
    'a first line that may be one, and is none: held until the next',
    ['AbCdEfGh12345678\n', 'ready\n'],
    ['', 'AbCdEfGh12345678\nready\n', ''],
  ],
  ['a digest as the first line goes on at once', [`${'0a'.repeat(32)}\n`], [`${'0a'.repeat(32)}\n`, '']],
  ['cut off within a key', [`-----BEGIN PRIVATE KEY-----\n${body}\nMIIEv`], ['', token(28 + body.length + 6)]],
  ['cut off within a URL’s password', ['to postgres://shop:hunt'], ['', `to postgres://shop:${token(4)}`]],
  ['cut off within a token', ['use ghp_Ab1Cd'], ['', `use ${token(9)}`]],
  ['cut off behind a URL’s port', ['on http://shop:8080'], ['', 'on http://shop:8080']],
  ['cut off behind an IPv6 address', ['on http://[::1]:8080/x'], ['', 'on http://[::1]:8080/x']],
  ['cut off behind a mask', ['DB_PASSWORD=hunter2!x'], ['', `DB_PASSWORD=${token(9)}`]],
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
