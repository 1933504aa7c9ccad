import { createHmac, createPublicKey } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { parseAuthenticationConfiguration } from '@holdpoint/core';
import { createAuthenticator } from './authenticator.ts';
import { createIssuerKeys } from './issuer-keys.ts';
import { createSessions } from './sessions.ts';

const start = 1_800_000_000;
const url = 'https://issuer.example';
const configuration = (more: object = {}) =>
  parseAuthenticationConfiguration({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AuthenticationConfiguration',
    jwt: [
      {
        issuer: { url, audiences: ['holdpoint', 'other'], audienceMatchPolicy: 'MatchAny' },
        claimMappings: { username: { claim: 'sub', prefix: 'oidc:' } },
        ...more,
      },
    ],
  });

describe('the authenticator', () => {
  let key: CryptoKey;
  let publicKey: CryptoKey;
  let jwk: JWK;
  let stranger: CryptoKey;
  let rsa: CryptoKey;
  let rsaJwk: JWK;
  beforeAll(async () => {
    const own = await generateKeyPair('ES256', { extractable: true });
    key = own.privateKey;
    publicKey = own.publicKey;
    jwk = { ...(await exportJWK(publicKey)), kid: 'own' };
    stranger = (await generateKeyPair('ES256')).privateKey;
    const other = await generateKeyPair('RS256');
    rsa = other.privateKey;
    rsaJwk = { ...(await exportJWK(other.publicKey)), kid: 'rsa' };
  });

  /** An authenticator, and the issuer that it finds by `url`. */
  function world(documents: { discovery?: object; keys?: () => unknown[] } = {}) {
    const asked: string[] = [];
    /** What whoever counts is told. */
    const told: string[] = [];
    const time = { seconds: start };
    const now = (): number => time.seconds * 1_000;
    const fetch = (async (address: string) => {
      asked.push(address);
      const body = address.endsWith('/jwks')
        ? { keys: (documents.keys ?? (() => [jwk, rsaJwk]))() }
        : { issuer: url, jwks_uri: `${url}/jwks`, ...documents.discovery };
      return new Response(JSON.stringify(body));
    }) as typeof globalThis.fetch;
    const authenticator = createAuthenticator({
      configuration: configuration(),
      withKeys: createIssuerKeys({ fetchFor: () => fetch, onFetch: () => undefined, now, elapsed: now }),
      serviceAccounts: undefined,
      sessionClaims: ['sid', 'jti'],
      sessions: createSessions(30 * 60_000, now),
      observer: {
        cacheAsked: (status) => told.push(status),
        identified: (result) => told.push(result),
      },
      now,
      elapsed: now,
    });
    const outcome = (token: string): Promise<string> =>
      authenticator.authenticate(token).then(
        (user) => user.username,
        (error: Error & { code?: string }) => `${error.code ?? ''} ${error.message}`,
      );
    return { asked, told, time, outcome, authenticator };
  }

  const claims = { iss: url, aud: 'holdpoint', sub: 'agent', iat: start, nbf: start, exp: start + 300 };
  const sign = (more: object = {}, header: object = {}, by = key): Promise<string> =>
    new SignJWT({ ...claims, ...more }).setProtectedHeader({ alg: 'ES256', kid: 'own', ...header }).sign(by);

  test.each<[string, object]>([
    ['one audience', {}],
    ['one of several audiences', { aud: ['somebody', 'other'] }],
    ['a clock that is four minutes ahead', { nbf: start + 240, iat: start + 240 }],
    ['an end that is nine seconds past', { exp: start - 9 }],
  ])('takes a token of %s', async (_situation, more) => {
    expect(await world().outcome(await sign(more))).toBe('oidc:agent');
  });

  test('takes a token that names no key, trying all that could be meant', async () => {
    const second = (await generateKeyPair('ES256')).publicKey;
    const keys = [{ ...(await exportJWK(second)), kid: 'second' }, jwk];
    expect(await world({ keys: () => keys }).outcome(await sign({}, { kid: undefined }))).toBe('oidc:agent');
    const strangers = await sign({}, { kid: undefined }, stranger);
    expect(await world({ keys: () => keys }).outcome(strangers)).toContain('signature verification failed');
  });

  test('takes other algorithms of public keys', async () => {
    expect(await world().outcome(await sign({}, { alg: 'RS256', kid: 'rsa' }, rsa))).toBe('oidc:agent');
    expect(await world().outcome(await sign({}, { alg: 'ES256', kid: 'own' }))).toBe('oidc:agent');
  });

  test.each<[string, object, string]>([
    ['an end that is ten seconds past', { exp: start - 10 }, '"exp" is in the past'],
    ['no end', { exp: undefined }, 'missing required "exp" claim'],
    ['an end that is no number', { exp: 'tomorrow' }, '"exp" claim must be a number'],
    ['a beginning that is six minutes ahead', { nbf: start + 360 }, '"nbf" claim timestamp check failed'],
    ['an issue that is six minutes ahead', { iat: start + 360 }, '"iat" is in the future'],
    ['another audience', { aud: 'somebody' }, 'unexpected "aud" claim value'],
    ['no audience', { aud: undefined }, 'missing required "aud" claim'],
    ['another issuer', { iss: 'https://elsewhere' }, 'the token is of no issuer that is known here'],
    ['an issuer of another spelling', { iss: `${url}/` }, 'the token is of no issuer that is known here'],
    ['no name', { sub: undefined }, 'the claim sub is missing or not a string'],
    ['an empty name', { sub: '' }, 'the claim sub is missing or not a string'],
  ])('refuses a token of %s', async (_situation, more, want) => {
    expect(await world().outcome(await sign(more))).toContain(want);
  });

  test('refuses what another key has signed, and a signature that was changed', async () => {
    expect(await world().outcome(await sign({}, {}, stranger))).toContain('signature verification failed');
    const [head, , signature] = (await sign()).split('.');
    const [, body] = (await sign({ sub: 'admin' })).split('.');
    expect(await world().outcome([head, body, signature].join('.'))).toContain('signature verification failed');
  });

  test('refuses a shared secret made of the public key', async () => {
    const spki = await exportSPKI(publicKey);
    const [, body] = (await sign()).split('.');
    const head = Buffer.from(JSON.stringify({ alg: 'HS256', kid: 'own' })).toString('base64url');
    for (const secret of [spki, createPublicKey(spki).export({ type: 'spki', format: 'der' })]) {
      const mac = createHmac('sha256', secret)
        .update(`${head}.${String(body)}`)
        .digest('base64url');
      expect(await world().outcome([head, body, mac].join('.'))).toContain('algorithm that is not taken');
    }
  });

  test('refuses a key that is for encryption, or for another algorithm', async () => {
    const token = await sign();
    expect(await world({ keys: () => [{ ...jwk, use: 'enc' }] }).outcome(token)).toContain('no applicable key');
    expect(await world({ keys: () => [{ ...jwk, alg: 'ES384' }] }).outcome(token)).toContain('no applicable key');
  });

  test.each<[string, Parameters<typeof world>[0], string]>([
    ['speaks for another issuer', { discovery: { issuer: 'https://evil' } }, 'does not describe the issuer'],
    [
      'has its keys where anybody could change them',
      { discovery: { jwks_uri: 'http://issuer.example/jwks' } },
      'jwks_uri is not an https URL',
    ],
    ['has no keys', { discovery: { jwks_uri: undefined } }, 'jwks_uri is not an https URL'],
    ['has keys that are none', { keys: () => ['x'] }, 'is no set of at most 100 keys'],
    ['has keys without end', { keys: () => Array.from({ length: 101 }, () => jwk) }, 'is no set of at most 100 keys'],
    ['answers without end', { discovery: { padding: 'x'.repeat(1_048_576) } }, 'answers more than 1048576 bytes'],
  ])('an issuer that %s is as good as none', async (_situation, documents, want) => {
    const outcome = await world(documents).outcome(await sign());
    expect(outcome).toContain('ERR_UPSTREAM_UNAVAILABLE');
    expect(outcome).toContain(want);
  });

  test('concurrent first tokens share one discovery; a known token asks nobody', async () => {
    const { outcome, asked } = world();
    const tokens = await Promise.all(Array.from({ length: 20 }, (_, i) => sign({ jti: String(i) })));
    expect(await Promise.all([...tokens, ...tokens].map(outcome))).toEqual(Array(40).fill('oidc:agent'));
    expect(asked).toEqual([`${url}/.well-known/openid-configuration`, `${url}/jwks`]);
  });

  test('a known token ends with its time, and with its key after a minute and five more', async () => {
    const served = [jwk, rsaJwk];
    const { outcome, time } = world({ keys: () => served });
    const [short, long] = [await sign({ exp: start + 20 }), await sign({ exp: start + 3_600 })];
    expect([await outcome(short), await outcome(long)]).toEqual(['oidc:agent', 'oidc:agent']);
    time.seconds += 31;
    expect(await outcome(short)).toContain('"exp" is in the past');
    served.shift();
    time.seconds = start + 299;
    expect(await outcome(long)).toBe('oidc:agent');
    time.seconds = start + 299 + 60;
    expect(await outcome(long)).toContain('no applicable key');
  });

  test('a token of a new key is not remembered as refused', async () => {
    const served = [rsaJwk];
    const { outcome, time } = world({ keys: () => served });
    const token = await sign();
    expect(await outcome(token)).toContain('no applicable key');
    served.push(jwk);
    time.seconds += 30;
    expect(await outcome(token)).toBe('oidc:agent');
  });

  test('a token that was refused is refused unread for ten seconds', async () => {
    const { authenticator, time } = world();
    const token = await sign({}, {}, stranger);
    const refusal = (): Promise<unknown> => authenticator.authenticate(token).catch((error: unknown) => error);
    const first = await refusal();
    time.seconds += 9;
    expect(await refusal()).toBe(first);
    time.seconds += 1;
    expect(await refusal()).not.toBe(first);
  });

  test('is counted: what is remembered as a hit, and how what is not was told apart', async () => {
    const keys = { down: true };
    const { authenticator, told, outcome, time } = world({
      keys() {
        if (keys.down) throw new Error('down');
        return [jwk];
      },
    });
    const [good, bad] = [await sign(), await sign({}, {}, stranger)];
    await outcome(good);
    keys.down = false;
    time.seconds += 5;
    for (const token of [good, good, bad, bad]) await outcome(token);
    expect(told).toEqual([...['miss', 'error'], ...['miss', 'success'], 'hit', ...['miss', 'failure'], 'hit']);
    expect(authenticator.remembered()).toEqual({ verified: 1, refused: 1 });
  });

  test('a session of the token, else one by whose it is', async () => {
    const { authenticator } = world();
    const session = async (more: object): Promise<unknown> =>
      (await authenticator.authenticate(await sign(more))).extra['holdpoint.dev/session'];
    expect(await session({ sid: 's', jti: 'j' })).toEqual(['s']);
    const idle = await session({});
    expect(idle).toEqual([expect.stringMatching(/^[0-9a-f]{12}-[0-9a-z]+$/)]);
    expect(await session({ exp: start + 301 })).toEqual(idle);
  });
});
