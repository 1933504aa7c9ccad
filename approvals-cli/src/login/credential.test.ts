import { describe, expect, test } from '@jest/globals';
import { isFresh, toCredential, type Credential } from './credential.ts';
import type { Tokens } from './issuer.ts';

const jwt = (claims: object): string =>
  ['{}', JSON.stringify(claims), 'signature'].map((part) => Buffer.from(part).toString('base64url')).join('.');
const idToken = jwt({ sub: 'bot', aud: 'client', exp: 1_000 });
const accessToken = jwt({ sub: 'bot', aud: ['holdpoint', 'other'], exp: 2_000 });
const tokens: Tokens = { idToken, accessToken, refreshToken: 'r2', expiresInSeconds: 60 };
const before: Credential = { token: 'old', expiresAt: 1, refreshToken: 'r1' };

describe('toCredential', () => {
  test.each([
    {
      situation: 'without an audience, the id token',
      given: tokens,
      audience: undefined,
      want: { token: idToken, expiresAt: 1_000_000, refreshToken: 'r2' },
    },
    {
      situation: 'with an audience, the access token',
      given: tokens,
      audience: 'holdpoint',
      want: { token: accessToken, expiresAt: 2_000_000, refreshToken: 'r2' },
    },
    {
      situation: 'an issuer that gives no new refresh token: the old one stays',
      given: { ...tokens, refreshToken: undefined },
      audience: undefined,
      want: { token: idToken, expiresAt: 1_000_000, refreshToken: 'r1' },
    },
  ])('$situation', ({ given, audience, want }) => {
    expect(toCredential(given, { audience }, before)).toEqual(want);
  });

  test.each([
    { situation: 'no id token', given: { idToken: undefined }, audience: undefined, want: 'openid' },
    { situation: 'an opaque access token', given: { accessToken: 'opaque' }, audience: 'holdpoint', want: 'no JWT' },
    { situation: 'two dots by chance', given: { accessToken: 'a.b.c' }, audience: 'holdpoint', want: 'no JWT' },
    { situation: 'a token without an end', given: { idToken: jwt({}) }, audience: undefined, want: 'no end' },
    { situation: 'another audience', given: {}, audience: 'elsewhere', want: 'for holdpoint, other, not' },
  ])('$situation is told, without the token', ({ given, audience, want }) => {
    const attempt = (): Credential => toCredential({ ...tokens, ...given }, { audience });
    expect(attempt).toThrow(want);
    expect(attempt).not.toThrow(accessToken);
  });
});

test.each([
  { situation: 'a minute left', now: 40_000, want: true },
  { situation: 'about to end', now: 91_000, want: false },
  { situation: 'ended', now: 200_000, want: false },
])('isFresh: $situation', ({ now, want }) => {
  expect(isFresh({ ...before, expiresAt: 100_000 }, now)).toBe(want);
});
