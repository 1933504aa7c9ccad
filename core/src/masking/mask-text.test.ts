import { describe, expect, test } from '@jest/globals';
import { createMask } from './mask.ts';
import { anywhere, maskCommand, maskName, maskPieces, maskText } from './mask-text.ts';

const mask = createMask((text) => {
  let hash = 7n;
  for (const character of text) hash = (hash * 1_000_003n + BigInt(character.codePointAt(0) ?? 0)) % (1n << 128n);
  return hash.toString(16).padStart(32, '0');
});
const shown = (text: string): string => text.replace(/holdpoint-mask:v1:[0-9a-f]{32}:\d+/g, '‹mask›');
const random = 'q7Rk2vLx9TzWm4Hs8Yd1';
const key = 'PRIVATE KEY';

describe('a text keeps all but its credentials', () => {
  test.each([
    { text: 'nothing to see', want: 'nothing to see' },
    { text: '--password=hunter2 --port=80', want: '--password=‹mask› --port=80' },
    { text: '--password hunter2 --port 80', want: '--password ‹mask› --port 80' },
    { text: '--password --port 80', want: '--password --port 80' },
    { text: 'PGPASSWORD=hunter2 psql', want: 'PGPASSWORD=‹mask› psql' },
    { text: 'a="x" PASSWORD="two words" b', want: 'a="x" PASSWORD="‹mask›" b' },
    { text: 'user: a\npassword: two words # old\nport: 80', want: 'user: a\npassword: ‹mask› # old\nport: 80' },
    { text: 'a:\n  token: |\n    one\n    two\n  b: c\n', want: 'a:\n  token: |\n‹mask›\n  b: c\n' },
    { text: '{\\"password\\":\\"hunter2\\",\\"a\\":1}', want: '{\\"password\\":\\"‹mask›\\",\\"a\\":1}' },
    { text: 'postgres://u:hunter2@db/x', want: 'postgres://u:‹mask›@db/x' },
    { text: 'postgres://u:p@ss/w@db/x', want: 'postgres://u:‹mask›@db/x' },
    { text: 'https://u:hunter2@x.example/@v2', want: 'https://u:‹mask›@x.example/@v2' },
    { text: 'https://x.example:8443/path@v2', want: 'https://x.example:8443/path@v2' },
    { text: 'mysql -u root -phunter2 x', want: 'mysql -u root -p‹mask› x' },
    { text: 'mysql -u root -p x', want: 'mysql -u root -p x' },
    { text: 'docker login -u me -p hunter2 r', want: 'docker login -u me -p ‹mask› r' },
    { text: 'docker run -p 8080:80 r', want: 'docker run -p 8080:80 r' },
    { text: 'curl -u me:hunter2 https://x', want: 'curl -u me:‹mask› https://x' },
    { text: 'curl -u me https://x', want: 'curl -u me https://x' },
    { text: `Authorization: Bearer ${random}`, want: 'Authorization: Bearer ‹mask›' },
    { text: `-----BEGIN ${key}-----\nabc\n-----END ${key}-----\nrest`, want: '‹mask›\nrest' },
    { text: `x -----BEGIN RSA ${key}-----\nabc, and no end`, want: 'x ‹mask›' },
    {
      text: '-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----',
      want: '-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----',
    },
    { text: 'Server=db;Password=a;b c', want: 'Server=db;Password=‹mask› c' },
    { text: 'Server=db;Password=hunter2;Encrypt=true', want: 'Server=db;Password=‹mask›;Encrypt=true' },
    { text: 'password=holdpoint-mask:v1:00000000000000000000000000000000:7', want: 'password=‹mask›' },
    { text: 'error: token: expired', want: 'error: token: expired' },
    { text: 'secrets "db" not found', want: 'secrets "db" not found' },
  ])('$text', ({ text, want }) => {
    const masked = maskText(text, mask);
    expect(shown(masked)).toBe(want);
    expect(maskText(masked, mask)).toBe(masked);
  });
});

test('a value is the same mask wherever it is found', () => {
  const token = mask.ofText(anywhere, random);
  for (const text of [
    `--password=${random}`,
    `password: ${random}`,
    `redis://:${random}@x`,
    `Authorization: Bearer ${random}`,
  ]) {
    expect(maskText(text, mask)).toContain(token);
  }
  expect(maskCommand(['redis-cli', '-a', random], mask)).toEqual(['redis-cli', '-a', token]);
});

test('a command whose program stands far from its flag', () => {
  const words = ['sudo', 'timeout', '5s', '/usr/bin/mysqldump', '--single-transaction', `-p${random}`];
  expect(maskCommand(words, mask).map(shown)).toEqual([...words.slice(0, 5), '-p‹mask›']);
});

test.each([
  { situation: 'in one piece', pieces: ['a\n', `TOKEN=${random}\n`, 'b'], want: ['a\n', 'TOKEN=‹mask›\n', 'b'] },
  {
    situation: 'across two',
    pieces: [`TOKEN=${random.slice(0, 5)}`, `${random.slice(5)}\nb`],
    want: ['TOKEN=‹mask›', '\nb'],
  },
  {
    situation: 'a character a piece',
    pieces: ['TOKEN=', ...random, '\n'],
    want: ['TOKEN=', '‹mask›', ...Array<string>(19).fill(''), '\n'],
  },
  {
    situation: 'two in a piece',
    pieces: [`TOKEN=${random}\nPASSWORD=x1y2`, '\n'],
    want: ['TOKEN=‹mask›\nPASSWORD=‹mask›', '\n'],
  },
  { situation: 'none', pieces: ['a', '', 'b'], want: ['a', '', 'b'] },
])('pieces of a terminal: $situation', ({ pieces, want }) => {
  expect(maskPieces(pieces, mask).map(shown)).toEqual(want);
});

test('a name is a secret by its format alone', () => {
  const token = `gh${'p'}_${random}${random}`;
  expect(shown(maskName(token, mask))).toBe('‹mask›');
  expect(maskName('password=hunter2-in-a-name', mask)).toBe('password=hunter2-in-a-name');
});

/** An object may have 3 MiB. Each would take minutes, were the time of any pattern the square of the length. */
test.each([
  ...[
    'a',
    'a ',
    '=',
    '"',
    '\\',
    '\n',
    ':',
    '@',
    'eyJa.',
    '-eyJ',
    'AKIA',
    'sk-a-',
    'key=',
    'key= ',
    'password: ',
    'password: |\n',
  ],
  ...[
    `-----BEGIN ${key}-----`,
    'https://',
    'https://a:b@',
    'Bearer a',
    'Authorization: ',
    'kind: Secret\ndata:\n a: b\n',
  ],
  ...[
    'curl -u ',
    'vault login ',
    'docker login -p ',
    '"Name": "X",',
    'spec.a.',
    'token: Invalid value: "',
    'identified by ',
  ],
  ...[
    'machine a login b ',
    '<password>',
    '"password", ',
    '--password ',
    'a=&',
    '?sig=',
    'H4sI',
    'password=\\"',
    '&password',
    'name="password">x1',
    'user a on >b1 ',
  ],
])('half a million characters of %j end', (unit) => {
  const text = unit.repeat(Math.ceil(500_000 / unit.length));
  maskText(text, mask);
  maskCommand(text.split(' '), mask);
});
