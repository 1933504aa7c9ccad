import { expect, test } from '@jest/globals';
import { assertReadableLength, readToken } from './token-shape.ts';

const part = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const tokenOf = (header: unknown, payload: unknown): string => `${part(header)}.${part(payload)}.c2ln`;
const header = { alg: 'ES256', kid: 'k' };
const claims = { iss: 'https://issuer', sub: 'a' };

test.each<[string, object]>([
  ['no type', header],
  ['JWT', { ...header, typ: 'JWT' }],
  ['an access token', { ...header, typ: 'at+jwt' }],
  ['the same, in full and in capitals', { ...header, typ: 'application/AT+JWT' }],
])('a token of %s is read', (_situation, head) => {
  expect(readToken(tokenOf(head, claims))).toEqual({ issuer: 'https://issuer', claims });
});

test.each<[string, string, string]>([
  ['no token', 'abc', 'it has not three parts'],
  ['an encrypted token', 'a.b.c.d.e', 'it has not three parts'],
  ['no signature', tokenOf({ alg: 'none' }, claims), 'is signed by an algorithm that is not taken'],
  ['“none” in capitals', tokenOf({ alg: 'NONE' }, claims), 'is signed by an algorithm that is not taken'],
  ['a shared secret', tokenOf({ alg: 'HS256' }, claims), 'is signed by an algorithm that is not taken'],
  ['no algorithm', tokenOf({}, claims), 'is signed by an algorithm that is not taken'],
  ['a list of algorithms', tokenOf({ alg: ['ES256'] }, claims), 'is signed by an algorithm that is not taken'],
  ['a logout token', tokenOf({ ...header, typ: 'logout+jwt' }, claims), 'is of a type that is not taken'],
  ['a proof of possession', tokenOf({ ...header, typ: 'dpop+jwt' }, claims), 'is of a type that is not taken'],
  ['a type that is no text', tokenOf({ ...header, typ: 1 }, claims), 'is of a type that is not taken'],
  ['a critical extension', tokenOf({ ...header, crit: ['b64'], b64: false }, claims), 'has critical extensions'],
  ['a header that is no JSON', `x.${part(claims)}.c2ln`, 'has a header that cannot be read'],
  ['a header that is a list', tokenOf([], claims), 'has a header that is no object'],
  [
    'bytes that are no UTF-8',
    `${part(header)}.${Buffer.from([0x22, 0xff, 0x22]).toString('base64url')}.s`,
    'has a payload that cannot be read',
  ],
  ['an algorithm twice', tokenOf('{"alg":"ES256","alg":"none"}', claims), 'says twice in its header: alg'],
  ['the same the other way round', tokenOf('{"alg":"none","alg":"ES256"}', claims), 'says twice in its header: alg'],
  ['a subject twice', tokenOf(header, '{"iss":"i","sub":"a","sub":"b"}'), 'says twice in its payload: sub'],
  [
    'a subject twice, one escaped',
    tokenOf(header, '{"iss":"i","sub":"a","\\u0073ub":"b"}'),
    'says twice in its payload: sub',
  ],
  ['no issuer', tokenOf(header, { sub: 'a' }), 'names no issuer'],
  ['several issuers', tokenOf(header, { iss: ['https://issuer'] }), 'names no issuer'],
])('%s is refused', (_situation, token, want) => {
  expect(() => readToken(token)).toThrow(want);
});

test('a token that is larger than anybody’s is refused', () => {
  expect(() => assertReadableLength('a'.repeat(32_768))).not.toThrow();
  expect(() => assertReadableLength('a'.repeat(32_769))).toThrow('has 32769 characters, and 32768 are read');
});
