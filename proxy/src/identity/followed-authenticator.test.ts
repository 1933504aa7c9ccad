import { beforeAll, describe, expect, test } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { parseAuthenticationConfiguration } from '@holdpoint/core';
import { createAuthenticator } from './authenticator.ts';
import { createFollowedAuthenticator } from './followed-authenticator.ts';
import { createIssuerKeys } from './issuer-keys.ts';
import { createSessions } from './sessions.ts';

const start = 1_800_000_000;
const url = 'https://issuer.example';
const other = 'https://other.example';
const issuer = (at = url) => ({ url: at, audiences: ['holdpoint'] });
const plain = { issuer: issuer(), claimMappings: { username: { claim: 'sub', prefix: 'oidc:' } } };
const parse = (...jwt: object[]) =>
  parseAuthenticationConfiguration({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AuthenticationConfiguration',
    jwt,
  });

describe('an authenticator whose configuration is replaced', () => {
  let key: CryptoKey;
  let jwk: JWK;
  beforeAll(async () => {
    const pair = await generateKeyPair('ES256');
    key = pair.privateKey;
    jwk = { ...(await exportJWK(pair.publicKey)), kid: 'own' };
  });
  const sign = (more: object = {}): Promise<string> =>
    new SignJWT({ iss: url, aud: 'holdpoint', sub: 'agent', exp: start + 300, ...more })
      .setProtectedHeader({ alg: 'ES256', kid: 'own' })
      .sign(key);

  function world(...jwt: object[]) {
    const asked: string[] = [];
    const results: string[] = [];
    const issuers = { up: true, answer: Promise.resolve() };
    const now = (): number => start * 1_000;
    const fetch = (async (address: string) => {
      asked.push(address);
      await issuers.answer;
      if (!issuers.up) throw new Error('connection refused');
      const { origin } = new URL(address);
      const isKeys = address.endsWith('/jwks');
      return new Response(JSON.stringify(isKeys ? { keys: [jwk] } : { issuer: origin, jwks_uri: `${origin}/jwks` }));
    }) as typeof globalThis.fetch;
    const withKeys = createIssuerKeys({ fetchFor: () => fetch, onFetch: () => undefined, now, elapsed: now });
    const authenticator = createFollowedAuthenticator(
      (configuration) =>
        createAuthenticator({
          ...{ configuration, withKeys, serviceAccounts: { issuer: 'https://cluster', authenticate } },
          ...{ sessionClaims: [], sessions: createSessions(60_000, now), now, elapsed: now },
          observer: { cacheAsked: () => undefined, identified: () => undefined },
        }),
      parse(...jwt),
      (result) => results.push(result),
    );
    const outcome = (token: string): Promise<string> =>
      authenticator.authenticate(token).then(
        ({ username }) => username,
        (error: Error) => error.message,
      );
    return { authenticator, outcome, asked, results, issuers };
  }
  const authenticate = () => Promise.reject(new Error('no service account comes'));

  const unknown = 'the token is of no issuer that is known here';
  test.each([
    { situation: 'loses its issuer', next: [], want: unknown },
    {
      situation: 'loses its issuer, and there is another',
      ...{ next: [{ ...plain, issuer: issuer(other) }], want: unknown },
    },
    {
      situation: 'meets a rule that it does not satisfy',
      next: [{ ...plain, claimValidationRules: [{ claim: 'team', requiredValue: 'payments' }] }],
      want: expect.stringContaining('team'),
    },
    {
      situation: 'meets a rule about users that it does not satisfy',
      next: [{ ...plain, userValidationRules: [{ expression: "user.username != 'oidc:agent'", message: 'not you' }] }],
      want: expect.stringContaining('not you'),
    },
    {
      situation: 'is no longer for an audience that is taken',
      next: [{ ...plain, issuer: { url, audiences: ['elsewhere'] } }],
      want: expect.stringContaining('unexpected "aud" claim value'),
    },
    {
      situation: 'is mapped to another name',
      next: [{ ...plain, claimMappings: { username: { claim: 'sub', prefix: 'agents:' } } }],
      want: 'agents:agent',
    },
    { situation: 'is as good as before', next: [plain, { ...plain, issuer: issuer(other) }], want: 'oidc:agent' },
  ])('a remembered token that $situation: from the change on', async ({ next, want }) => {
    const { authenticator, outcome } = world(plain);
    const token = await sign();
    expect([await outcome(token), await outcome(token)]).toEqual(['oidc:agent', 'oidc:agent']);
    authenticator.replace(parse(...next));
    expect(await outcome(token)).toEqual(want);
    authenticator.replace(parse(plain));
    expect(await outcome(token)).toBe('oidc:agent');
  });

  test('a token that was refused, and whose issuer comes in: good at once', async () => {
    const { authenticator, outcome } = world(plain);
    const token = await sign({ iss: other });
    expect(await outcome(token)).toBe(unknown);
    authenticator.replace(parse(plain, { ...plain, issuer: issuer(other) }));
    expect(await outcome(token)).toBe('oidc:agent');
  });

  test.each([
    { situation: 'its issuer is taken out', next: [], want: unknown },
    { situation: 'a rule of somebody else comes in', next: [plain, { ...plain, issuer: issuer(other) }] },
  ])('a token that is being looked at while $situation: the new configuration decides', async ({ next, want }) => {
    const { authenticator, outcome, results, issuers } = world(plain);
    let answer = (): void => undefined;
    issuers.answer = new Promise((resolve) => (answer = resolve));
    const first = outcome(await sign());
    authenticator.replace(parse(...next));
    answer();
    expect(await first).toBe(want ?? 'oidc:agent');
    expect(results).toEqual([want === undefined ? 'success' : 'failure']);
  });

  test.each([
    { situation: 'has another rule now', next: plain, asks: 0, want: 'oidc:agent' },
    {
      situation: 'has its documents elsewhere now',
      next: { ...plain, issuer: { ...issuer(), discoveryURL: `${url}/elsewhere` } },
      ...{ asks: 1, want: expect.stringContaining('gives no keys') },
    },
    {
      situation: 'is trusted by another authority now',
      next: {
        ...plain,
        issuer: { ...issuer(), certificateAuthority: '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n' },
      },
      ...{ asks: 1, want: expect.stringContaining('gives no keys') },
    },
  ])('an issuer that is down and $situation: its keys are kept only where it is the same', async (row) => {
    const { authenticator, outcome, asked, issuers } = world(plain);
    const token = await sign();
    await outcome(token);
    issuers.up = false;
    const before = asked.length;
    authenticator.replace(parse(row.next));
    expect(await outcome(token)).toEqual(row.want);
    expect(asked.length - before).toBe(row.asks);
  });

  test('one that cannot be served with: refused, and the one before stays with what it remembers', async () => {
    const { authenticator, outcome } = world(plain);
    const token = await sign();
    await outcome(token);
    expect(() => authenticator.replace(parse(plain, { ...plain, issuer: issuer('https://cluster') }))).toThrow(
      'it cannot be an issuer of the AuthenticationConfiguration too',
    );
    expect(authenticator.remembered()).toEqual({ verified: 1, refused: 0 });
    expect(await outcome(token)).toBe('oidc:agent');
  });

  test('each token that comes is counted once, by what became of it', async () => {
    const { outcome, results, issuers } = world(plain);
    const token = await sign();
    issuers.up = false;
    await outcome(token);
    for (const each of ['none', 'x'.repeat(40_000)]) await outcome(each);
    expect(results).toEqual(['error', 'failure', 'failure']);
  });
});
