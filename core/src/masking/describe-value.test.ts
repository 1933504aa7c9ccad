import { expect, test } from '@jest/globals';
import { base64OfText } from './base64.ts';
import { describeData, describeText } from './describe-value.ts';
import { createMask, isMaskedData, isMaskToken, maskTokens } from './mask.ts';

/** Ends on 2027-12-31; its key was thrown away when it was made. */
const certificate = `-----BEGIN CERTIFICATE-----
MIIBbjCCAROgAwIBAgIUXzocXZKcrddd/ema5bPR74c/mTswCgYIKoZIzj0EAwIw
DDEKMAgGA1UEAwwBeDAeFw0yNjExMjYxNDE1NTNaFw0yNzEyMzExNDE1NTNaMAwx
CjAIBgNVBAMMAXgwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASN4gtjx/Gyuon+
pi//Yk/AZanVVDqkmbAKnQXlfkcdBCg8l6judJtGjugwOtD4UmHOCxNt4S4uni6R
YUClLjZCo1MwUTAdBgNVHQ4EFgQUc1/tyoL6lHelHuHgMcIzcN6K38wwHwYDVR0j
BBgwFoAUc1/tyoL6lHelHuHgMcIzcN6K38wwDwYDVR0TAQH/BAUwAwEB/zAKBggq
hkjOPQQDAgNJADBGAiEAxK/+6a0F+uvxCHA0P+BU+qKq7Lk9gpNQe5NnaSRpkvAC
IQDjwAv32ZYUB6HOD3pU+S4hUWM2hmFtSvzejFVO+xS4Zg==
-----END CERTIFICATE-----
`;
const urlSafe = (text: string): string => base64OfText(text).replace(/=+$/, '');
const jwt = (claims: object): string => `${urlSafe('{"alg":"none"}')}.${urlSafe(JSON.stringify(claims))}.c2ln`;
const logins = (...registries: string[]): string =>
  JSON.stringify({ auths: Object.fromEntries(registries.map((each) => [each, { auth: 'dTpw' }])) });

test.each([
  ['a certificate', certificate, ':certificate-until-2027-12-31'],
  ['a chain: its first', certificate + certificate, ':certificate-until-2027-12-31'],
  ['a private key', '-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n', ':private-key'],
  ['an OpenSSH key, cut off', '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl', ':private-key'],
  ['a token with an end', jwt({ exp: 1_893_456_000 }), ':jwt-until-2030-01-01'],
  ['a token without', jwt({ sub: 'x' }), ''],
  ['a token with an odd end', jwt({ exp: 1e300 }), ''],
  ['a token whose claims are none', `${urlSafe('{}')}.bm8.c2ln`, ''],
  ['a login', logins('https://ghcr.io/v1/'), ':registry-ghcr.io'],
  ['logins: the first', logins('registry.example:5000', 'docker.io'), ':registry-registry.example'],
  ['a login to what is no host', logins('pass word'), ''],
  ['JSON of another kind', '{"password":"hunter2"}', ''],
  ['what only begins like JSON', '{hunter2', ''],
  ['a certificate that is none', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', ''],
  ['a certificate cut off before its times', certificate.slice(0, 120), ''],
  ['a public key', '-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----', ''],
  ['a password', 'hunter2', ''],
  ['nothing', '', ''],
])('tells of %s, as text and in base64', (_situation, text, want) => {
  expect([describeText(text), describeData(base64OfText(text))]).toEqual([want, want]);
});

test('a token that tells something is a token, whole, in every form', () => {
  const mask = createMask(() => 'a'.repeat(64));
  const place = { namespace: 'a', name: 's', key: 'tls.crt' };
  const token = mask.ofText(place, certificate);
  expect(token).toBe(`holdpoint-mask:v1:${'a'.repeat(32)}:${String(certificate.length)}:certificate-until-2027-12-31`);
  expect(mask.ofData(place, base64OfText(certificate))).toBe(base64OfText(token));
  expect(isMaskToken(token) && isMaskedData(base64OfText(token))).toBe(true);
  expect(mask.ofText(place, token)).toBe(token);
  expect(`"${token}", ${token}.`.match(maskTokens)).toEqual([token, token]);
  expect(isMaskToken(`${token}x`) || isMaskToken(token.replace('certificate', 'password'))).toBe(false);
});

test('what was found in free text tells its length alone', () => {
  const mask = createMask(() => 'a'.repeat(64));
  expect(isMaskToken(mask.ofText({ namespace: '', name: '', key: 'text' }, certificate))).toBe(true);
  expect(mask.ofText({ namespace: '', name: '', key: 'text' }, certificate)).not.toContain('certificate');
});
