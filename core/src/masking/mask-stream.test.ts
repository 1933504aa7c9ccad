import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createMask } from './mask.ts';
import { createStreamMasker, longestUnit } from './mask-stream.ts';

const mask = createMask((text) => createHash('sha256').update(text).digest('hex'));
const shown = (text: string): string => text.replace(/holdpoint-mask:v1:[0-9a-f]{32}:/g, 'M:');
const token = `ghp_${'a1B2'.repeat(9)}`;
const key = `-----BEGIN RSA PRIVATE KEY-----\n${'MIIEpAIBAAKCAQEA\n'.repeat(20)}-----END RSA PRIVATE KEY-----`;

function inPieces(pieces: readonly string[]): string {
  const masker = createStreamMasker(mask);
  return pieces.map((piece) => masker.push(piece)).join('') + masker.end();
}

test.each([
  {
    situation: 'nothing to mask',
    text: 'total 4\r\ndrwxr-xr-x 2 root root\r\n',
    want: 'total 4\r\ndrwxr-xr-x 2 root root\r\n',
  },
  { situation: 'a token', text: `token is ${token}\n$ `, want: 'token is M:40\n$ ' },
  { situation: 'a private key in lines', text: `${key}\nafter\n`, want: `M:${String(key.length)}\nafter\n` },
  { situation: 'a variable', text: 'DB_PASSWORD=hunter2-long\nHOME=/root\n', want: 'DB_PASSWORD=M:12\nHOME=/root\n' },
  {
    situation: 'a Secret as YAML, which says last what it is',
    text: 'apiVersion: v1\ndata:\n  ca: YWJjZGVm\nkind: Secret\n$ ',
    want: 'apiVersion: v1\ndata:\n  ca: M:8\nkind: Secret\n$ ',
  },
  {
    situation: 'a name and its value in YAML',
    text: '- name: DB_PASSWORD\n  value: "hunter2-long"\n',
    want: '- name: DB_PASSWORD\n  value: "M:12"\n',
  },
  {
    situation: 'a match that grep coloured',
    text: 'DB_\x1b[01;31m\x1b[KPASSWORD\x1b[m\x1b[K=hunter2\x1b[32m-long\x1b[m\n',
    want: 'DB_\x1b[01;31m\x1b[KPASSWORD\x1b[m\x1b[K=M:12\x1b[32m\x1b[m\n',
  },
  {
    situation: 'base64 of it in lines',
    text: `${Buffer.from(`DB_PASSWORD=hunter2-long and more of it, so that it is long enough ${'x'.repeat(60)}`)
      .toString('base64')
      .replace(/(.{76})/g, '$1\n')}\n`,
    want: expect.stringMatching(/^M:\d+\n$/) as unknown as string,
  },
  {
    situation: 'a command in two lines',
    text: 'mysql -u root \\\n  -psecret-pw-1 db\n',
    want: 'mysql -u root \\\n  -pM:11 db\n',
  },
])('masks $situation', ({ text, want }) => {
  expect(shown(inPieces([text]))).toEqual(want);
});

const piecesOf = (text: string): fc.Arbitrary<string[]> =>
  fc.array(fc.nat({ max: text.length }), { maxLength: 12 }).map((cuts) => {
    const places = [0, ...cuts.toSorted((a, b) => a - b), text.length];
    return places.slice(1).map((end, at) => text.slice(places[at], end));
  });
const fragments = fc.constantFrom(
  ...[
    '\n',
    '\r',
    '\r\n',
    ' ',
    '\0',
    '\x1b[31m',
    '$ ',
    'password: ',
    'DB_PASSWORD=',
    'hunter2-Long',
    token,
    `${key}\n`,
    'kind: Secret\n',
  ],
  ...[
    'apiVersion: v1\n',
    'data:\n',
    '  ca: YWJjZGVm\n',
    '---\n',
    'é',
    '\\\n',
    `${'QUJD'.repeat(19)}\n`,
    'eyJ',
    'name: DB_PASSWORD\n',
    '  value: s3cr3t-value\n',
  ],
  'x'.repeat(30_000),
  'A'.repeat(longestUnit),
);
const texts = fc.array(fragments, { maxLength: 14 }).map((parts) => parts.join(''));

test('gives the same wherever the text is cut', () => {
  fc.assert(
    fc.property(
      texts.chain((text) => fc.tuple(fc.constant(text), piecesOf(text))),
      ([text, pieces]) => {
        expect(inPieces(pieces)).toBe(inPieces([text]));
      },
    ),
    { numRuns: 300 },
  );
});

test('as bytes: the same wherever they are cut, and as long as they were', () => {
  const asBytes = (pieces: readonly string[]): string => {
    const masker = createStreamMasker(mask);
    masker.becomeBytes((text) => text);
    return pieces.map((piece) => masker.push(piece)).join('') + masker.end();
  };
  fc.assert(
    fc.property(
      texts.chain((text) => fc.tuple(fc.constant(text), piecesOf(text))),
      ([text, pieces]) => {
        const masked = asBytes(pieces);
        expect(masked).toBe(asBytes([text]));
        expect(masked.length).toBe(text.length);
      },
    ),
    { numRuns: 300 },
  );
});
