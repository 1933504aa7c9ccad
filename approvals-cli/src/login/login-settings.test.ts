import { describe, expect, test } from '@jest/globals';
import { defaultScopes, isSafeEndpoint, parseLoginSettings } from './login-settings.ts';

const flags = { issuer: 'https://login.example', clientId: 'holdpoint', scopes: defaultScopes };

describe('parseLoginSettings', () => {
  test.each([
    {
      situation: 'scopes in any order, and twice',
      given: { scopes: 'groups,openid groups' },
      want: ['groups', 'openid'],
    },
    {
      situation: 'no openid among them, which makes it a login',
      given: { scopes: 'email' },
      want: ['email', 'openid'],
    },
    { situation: 'none', given: { scopes: '' }, want: ['openid'] },
  ])('$situation', ({ given, want }) => {
    expect(parseLoginSettings({ ...flags, ...given }).scopes).toEqual(want);
  });

  test.each([
    { situation: 'http', given: { issuer: 'http://login.example' } },
    {
      situation: 'http elsewhere, with the flag',
      given: { issuer: 'http://login.example', allowInsecureIssuer: true },
    },
    { situation: 'http on this machine, without the flag', given: { issuer: 'http://127.0.0.1:8080' } },
    { situation: 'a name that a resolver answers', given: { issuer: 'http://localhost', allowInsecureIssuer: true } },
    {
      situation: 'an address made to look like it',
      given: { issuer: 'http://127.0.0.1.evil.example', allowInsecureIssuer: true },
    },
    { situation: 'a password in it', given: { issuer: 'https://a:b@login.example' } },
    { situation: 'a query', given: { issuer: 'https://login.example/?a=b' } },
    { situation: 'no URL', given: { issuer: 'login.example' } },
    { situation: 'a file', given: { issuer: 'file:///etc/passwd' } },
    { situation: 'no client', given: { clientId: '' } },
    { situation: 'an empty audience', given: { audience: '' } },
  ])('$situation is refused', ({ given }) => {
    expect(() => parseLoginSettings({ ...flags, ...given })).toThrow(/^--(issuer|client-id|audience)/);
  });

  test('http on a loopback address is taken where it is asked for', () => {
    const settings = parseLoginSettings({ ...flags, issuer: 'http://127.0.0.1:8080', allowInsecureIssuer: true });
    expect(settings.issuer.href).toBe('http://127.0.0.1:8080/');
  });
});

describe('isSafeEndpoint: what an issuer names is no way out of https', () => {
  const secure = parseLoginSettings(flags);
  const local = parseLoginSettings({ ...flags, issuer: 'http://127.0.0.1:1', allowInsecureIssuer: true });
  test.each([
    { situation: 'https', settings: secure, url: 'https://elsewhere.example/token', want: true },
    { situation: 'http of an https issuer', settings: secure, url: 'http://127.0.0.1/token', want: false },
    { situation: 'a program of the system', settings: secure, url: 'ms-settings:privacy', want: false },
    { situation: 'http of an issuer on this machine', settings: local, url: 'http://[::1]:2/token', want: true },
    { situation: 'http elsewhere', settings: local, url: 'http://elsewhere.example/token', want: false },
  ])('$situation', ({ settings, url, want }) => {
    expect(isSafeEndpoint(new URL(url), settings)).toBe(want);
  });
});
