import { createHash } from 'node:crypto';
import { expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { createMask } from './mask.ts';
import { createStreamMasker, longestUnit } from './mask-stream.ts';

jest.setTimeout(60_000);
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
  { situation: 'an escape right before a token', text: `a\x1b${token}\n`, want: 'a\x1bM:40\n' },
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
    { numRuns: 60, seed: 23 },
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
    { numRuns: 60, seed: 23 },
  );
});

/** What is shown after each piece and the silence behind it. */
function slowly(pieces: readonly string[], silence: 'pause' | 'settle'): string[] {
  const masker = createStreamMasker(mask);
  return [...pieces.map((piece) => shown(masker.push(piece) + masker[silence]())), shown(masker.end())];
}

test.each<{ situation: string; pieces: string[]; silence: 'pause' | 'settle'; want: string[] }>([
  { situation: 'a prompt', pieces: ['$ ', 'ls\n'], silence: 'pause', want: ['$ ', 'ls\n', ''] },
  {
    situation: 'a prompt for a password, and nothing shown behind it',
    pieces: ['Password: ', '\n'],
    silence: 'pause',
    want: ['Password: ', '\n', ''],
  },
  {
    situation: 'a token in two pieces: from its mark on it is held back',
    pieces: [`got ${token.slice(0, 9)}`, `${token.slice(9)} `, 'and\n'],
    silence: 'pause',
    want: ['got ', 'M:40 ', 'and\n', ''],
  },
  {
    situation: 'the value of a secret’s name, a piece at a time',
    pieces: ['DB_PASSWORD=', 'hun', 'ter2-long', '\n'],
    silence: 'pause',
    want: ['DB_PASSWORD=', '', '', 'M:12\n', ''],
  },
  {
    situation: 'the same, with long silences: it is shown masked, and what goes on with it is not',
    pieces: ['DB_PASSWORD=hunter2', '-and-more', '\nnext\n'],
    silence: 'settle',
    want: ['DB_PASSWORD=M:7', '', '\nnext\n', ''],
  },
  {
    situation: 'a private key, with long silences',
    pieces: [key.slice(0, 100), key.slice(100, 200), `${key.slice(200)}\nafter\n`],
    silence: 'settle',
    want: ['M:100', '', '\nafter\n', ''],
  },
  {
    situation: 'a manifest, and the shell’s prompt behind it',
    pieces: ['apiVersion: v1\ndata:\n  ca: YWJjZGVm\nkind: Secret\n', 'root@pod:/# '],
    silence: 'pause',
    want: ['', 'apiVersion: v1\ndata:\n  ca: M:8\nkind: Secret\nroot@pod:/# ', ''],
  },
])('when the source is silent after each piece: $situation', ({ pieces, silence, want }) => {
  expect(slowly(pieces, silence)).toEqual(want);
});

test('as bytes, what is no text is searched for tokens alone', () => {
  const asBytes = (text: string): string => {
    const masker = createStreamMasker(mask);
    masker.becomeBytes((each) => each);
    return masker.push(text) + masker.end();
  };
  const binary = '\x7fELF\x02\0password=%s-Aa1\0';
  expect(asBytes(binary)).toBe(binary);
  expect(asBytes(`\x7fELF\0${token}\0`)).toBe(`\x7fELF\0${'*'.repeat(40)}\0`);
  const archived = `env${'\0'.repeat(509)}DB_PASSWORD=hunter2-long\n${'\0'.repeat(487)}`;
  expect(asBytes(archived)).toBe(archived.replace('hunter2-long', '*'.repeat(12)));
});
