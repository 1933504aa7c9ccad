import fc from 'fast-check';
import { readRequestLine } from '@holdpoint/core';
import { apiServerReadings } from '../../hygiene/api-server-readings.ts';
import { badRequests } from '../../hygiene/bad-requests.ts';
import { acceptance, readBytes, type Outcome } from './reader-server.ts';
import { readStrictly } from './strict-reader.ts';

const token = 'a.b.c';
/** Those that are large are of no use to a mutation. */
const maxSeedLength = 2_000;

/** Whole requests, good and bad: what the real API server was asked, and what the proxy is known to refuse. */
const seeds: readonly string[] = [
  ...apiServerReadings.map(
    ({ method, target }) =>
      `${method} ${target} HTTP/1.1\r\nHost: kubernetes\r\nAuthorization: Bearer ${token}\r\nAccept: application/json\r\n\r\n`,
  ),
  ...badRequests.map(({ bytes }) => bytes(token).toString('latin1')),
  `POST /api/v1/namespaces/a/pods?dryRun=All HTTP/1.1\r\nHost: k\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\n{"a":\r\n2\r\n1}\r\n0\r\nTrailer: x\r\n\r\n`,
  `PUT /api/v1/namespaces/a/pods/p HTTP/1.1\r\nHost: k\r\nAuthorization: Bearer ${token}\r\nExpect: 100-continue\r\nContent-Length: 7\r\n\r\n{"a":1}`,
].filter((seed) => seed.length <= maxSeedLength);

/** Words that readers of HTTP have fallen over. */
const splices = [
  ...[
    '\r\n',
    '\n',
    '\r',
    '\r\n\r\n',
    ' ',
    '\t',
    ':',
    ' :',
    '\0',
    '\x0b',
    '\x7f',
    '\x80',
    '\xff',
    ',',
    ';',
    '%',
    '%2f',
    '%00',
    '%c0%af',
  ],
  ...[
    '//',
    '/../',
    '/./',
    '?',
    '&',
    '#',
    '*',
    'chunked',
    'identity',
    '\r\n ',
    '\r\n\t',
    '0\r\n\r\n',
    '0x5',
    '+5',
    '-1',
    '5, 5',
  ],
  ...[
    '\r\nContent-Length: 5',
    '\r\nTransfer-Encoding: chunked',
    '\r\nTransfer-Encoding: xchunked',
    '\r\nConnection: Authorization',
  ],
  ...[
    '\r\nImpersonate-User: admin',
    '\r\nX-Remote-User: admin',
    '\r\nUpgrade: h2c',
    '\r\nExpect: 100-continue',
    '\r\nHost: other',
  ],
  ...[
    'GET /api/v1/secrets HTTP/1.1\r\nHost: k\r\n\r\n',
    ' HTTP/1.1',
    ' HTTP/1.0',
    'watch=1&',
    'fieldSelector=metadata.name%3Dx&',
  ],
];

type Mutation = (bytes: string) => string;

const at = fc.double({ min: 0, max: 1, noNaN: true });
const placeIn = (bytes: string, place: number): number => Math.floor(place * bytes.length);
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(at, fc.constantFrom(...splices)).map(
    ([place, word]): Mutation =>
      (bytes) =>
        `${bytes.slice(0, placeIn(bytes, place))}${word}${bytes.slice(placeIn(bytes, place))}`,
  ),
  fc.tuple(at, fc.integer({ min: 0, max: 255 })).map(
    ([place, code]): Mutation =>
      (bytes) =>
        `${bytes.slice(0, placeIn(bytes, place))}${String.fromCharCode(code)}${bytes.slice(placeIn(bytes, place) + 1)}`,
  ),
  fc.tuple(at, fc.integer({ min: 1, max: 40 })).map(
    ([place, length]): Mutation =>
      (bytes) =>
        bytes.slice(0, placeIn(bytes, place)) + bytes.slice(placeIn(bytes, place) + length),
  ),
  fc.tuple(at, at, fc.integer({ min: 1, max: 60 })).map(([from, to, length]): Mutation => (bytes) => {
    const copied = bytes.slice(placeIn(bytes, from), placeIn(bytes, from) + length);
    return `${bytes.slice(0, placeIn(bytes, to))}${copied}${bytes.slice(placeIn(bytes, to))}`;
  }),
  fc.constantFrom(...seeds).map(
    (seed): Mutation =>
      (bytes) =>
        bytes + seed,
  ),
);

/** Cuts bytes where a network might. */
function piecesOf(bytes: string, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map((cut) => placeIn(bytes, cut)).sort((x, y) => x - y), bytes.length];
  return places.slice(1).map((end, i) => Buffer.from(bytes.slice(places[i] ?? 0, end), 'latin1'));
}

/** What no bytes may bring about. */
function problemWith(bytes: string, { accepted, answers, rest }: Outcome): string | undefined {
  if (rest !== '') return `an answer that is none: ${JSON.stringify(rest.slice(0, 100))}`;
  for (const { code, body } of answers) {
    if (body === undefined) continue;
    if (code === 200 ? body !== acceptance : !isStatus(body, code)) {
      return `an answer ${String(code)} that is no Status: ${JSON.stringify(body.slice(0, 100))}`;
    }
  }
  const there = readStrictly(bytes);
  let from = 0;
  for (const { method, url, headers, body } of accepted) {
    const forged = Object.keys(headers).find((name) =>
      /^(?:impersonate|x-remote|authorization|audit-id|host|connection|transfer|content-length)/.test(name),
    );
    if (forged !== undefined) return `the header ${forged} goes on`;
    const found = there.findIndex(
      (request, i) =>
        i >= from && request.method === method && request.body === body && spelledAnew(method, request.target) === url,
    );
    if (found < 0) return `${method} ${url} was read, and is not there`;
    from = found + 1;
  }
  return undefined;
}

function isStatus(body: string, code: number): boolean {
  try {
    const status = JSON.parse(body) as { kind?: unknown; code?: unknown };
    return status.kind === 'Status' && (status.code === code || status.code === undefined);
  } catch {
    return false;
  }
}

function spelledAnew(method: string, target: string): string | undefined {
  const reading = readRequestLine(method, target);
  return 'refused' in reading ? undefined : reading.target;
}

/** Whatever the bytes and however they are cut: no crash, no hang, and each answer a Status or to a request that is there. */
export const everyByteHasOneReading = fc.asyncProperty(
  fc.constantFrom(...seeds),
  fc.array(mutation, { minLength: 1, maxLength: 5 }),
  fc.array(at, { maxLength: 4 }),
  async (seed, mutations, cuts) => {
    const bytes = mutations.reduce((text, mutate) => mutate(text), seed);
    const problem = problemWith(bytes, await readBytes(piecesOf(bytes, cuts)));
    if (problem !== undefined) throw new Error(`${problem}\n${JSON.stringify(bytes)}`);
  },
);

const segment = fc
  .string({ unit: fc.constantFrom(...'abcz019-.:_ü漢+ $&=,@~'), minLength: 1, maxLength: 8 })
  .filter((text) => text !== '.' && text !== '..');
const parameter = fc.tuple(
  fc.constantFrom('limit', 'labelSelector', 'container', 'x', 'ü'),
  fc.string({ unit: 'binary', maxLength: 12 }),
);

/** A text percent-encoded: what must be, and at will what need not be. */
function spelled(text: string, mustNot: RegExp, atWill: readonly boolean[]): string {
  return [...text]
    .map((character, i) => {
      if (mustNot.test(character) && atWill[i % atWill.length] !== true) return character;
      return [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
    })
    .join('');
}

/** However it is spelled, a request is read as what it says, and what is forwarded says the same to the URL standard's reader. */
export const everySpellingIsReadAlike = fc.property(
  fc.array(segment, { minLength: 1, maxLength: 9 }),
  fc.uniqueArray(parameter, { selector: ([name]) => name, maxLength: 4 }),
  fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }),
  fc.boolean(),
  (segments, query, atWill, slash) => {
    const path = segments.map((text) => spelled(text, /[A-Za-z0-9\-._~$&=,@:+]/, atWill)).join('/');
    const pairs = query.map(
      ([name, value]) => `${spelled(name, /[a-zA-Z]/, atWill)}=${spelled(value, /[A-Za-z0-9\-._~]/, atWill)}`,
    );
    const target = `/${path}${slash ? '/' : ''}${pairs.length === 0 ? '' : `?${pairs.join('&')}`}`;
    const reading = readRequestLine('GET', target);
    if ('refused' in reading) throw new Error(`${target}: ${reading.message}`);
    const told = JSON.stringify([reading.info.path, reading.query]);
    if (told !== JSON.stringify([`/${segments.join('/')}`, query])) throw new Error(`${target} is read as ${told}`);
    const again = new URL(reading.target, 'https://kubernetes');
    const forwarded = [decodeURIComponent(again.pathname), [...again.searchParams]];
    const meant = [`/${segments.join('/')}${slash ? '/' : ''}`, query];
    if (JSON.stringify(forwarded) !== JSON.stringify(meant))
      throw new Error(`${reading.target} says something else than ${target}`);
  },
);
