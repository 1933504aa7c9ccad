import { beforeAll, describe, expect, test } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import type { UserInfo } from '@holdpoint/core';
import { createAuthenticator } from './authenticator.ts';
import { createServiceAccountTokens, findClusterIssuer } from './service-account-tokens.ts';
import { createSessions } from './sessions.ts';

const start = 1_800_000_000;
const url = 'https://kubernetes.default.svc';
const account = 'system:serviceaccount:agents:coder';
const podUid = 'authentication.kubernetes.io/pod-uid';

describe('service-account tokens', () => {
  let key: CryptoKey;
  let jwk: JWK;
  let stranger: CryptoKey;
  beforeAll(async () => {
    const own = await generateKeyPair('ES256');
    key = own.privateKey;
    jwk = { ...(await exportJWK(own.publicKey)), kid: 'k' };
    stranger = (await generateKeyPair('ES256')).privateKey;
  });

  const sign = (more: object = {}, by = key): Promise<string> =>
    new SignJWT({ iss: url, aud: ['holdpoint'], sub: account, exp: start + 3_600, jti: 'j', ...more })
      .setProtectedHeader({ alg: 'ES256', kid: 'k' })
      .sign(by);
  const reviewed = (more: Partial<UserInfo> = {}): UserInfo => ({
    username: account,
    uid: 'u-1',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:agents', 'system:authenticated'],
    extra: {},
    ...more,
  });

  async function world(answer: () => UserInfo | undefined = () => reviewed(), audience = 'holdpoint') {
    const reviews: string[] = [];
    const time = { seconds: start };
    const now = (): number => time.seconds * 1_000;
    const cluster = await findClusterIssuer({
      get: async (path) => (path === '/openid/v1/jwks' ? { keys: [jwk] } : { issuer: url }),
    });
    const authenticator = createAuthenticator({
      configuration: [],
      withKeys: () => [],
      serviceAccounts: {
        issuer: cluster.url,
        authenticate: createServiceAccountTokens({
          cluster,
          review: async (token) => {
            reviews.push(token);
            await Promise.resolve();
            return answer();
          },
          namespaces: ['agents', 'kube-system'],
          audience,
          sessionClaims: ['jti'],
          now,
        }),
      },
      sessionClaims: ['jti'],
      sessions: createSessions(60_000, now),
      observer: { cacheAsked: () => undefined, identified: () => undefined },
      now,
      elapsed: now,
    });
    const outcome = (token: string): Promise<string> =>
      authenticator.authenticate(token).then(
        (user) => user.username,
        (error: Error & { code?: string }) => `${error.code ?? ''} ${error.message}`,
      );
    return { reviews, time, outcome, authenticator };
  }

  test('are who the API server says they are, and groups that all have are not said twice', async () => {
    const { authenticator } = await world(() => reviewed({ extra: { [podUid]: ['p-1'] } }));
    expect(await authenticator.authenticate(await sign())).toEqual({
      username: account,
      uid: 'u-1',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:agents'],
      extra: { [podUid]: ['p-1'], 'holdpoint.dev/session': ['p-1'] },
    });
  });

  test('outside a pod are a session by the token', async () => {
    const { authenticator } = await world();
    expect((await authenticator.authenticate(await sign())).extra).toEqual({ 'holdpoint.dev/session': ['j'] });
  });

  test.each<[string, object, () => UserInfo | undefined, string]>([
    ['the API server knows nobody by', {}, () => undefined, 'the API server knows nobody by this'],
    [
      'of a namespace that is not served',
      { sub: 'system:serviceaccount:prod:web' },
      () => reviewed({ username: 'system:serviceaccount:prod:web' }),
      'service accounts of prod are not served; served: agents, kube-system',
    ],
    [
      'of the control plane, even where it is to be served',
      { sub: 'system:serviceaccount:kube-system:x' },
      () => reviewed({ username: 'system:serviceaccount:kube-system:x', groups: [] }),
      'service accounts of kube-system keep',
    ],
    [
      'of somebody else than it says',
      { sub: 'system:serviceaccount:agents:other' },
      () => reviewed(),
      'the token is of no service account',
    ],
    [
      'of no service account',
      { sub: 'carol' },
      () => reviewed({ username: 'carol' }),
      'the token is of no service account',
    ],
    [
      'in a group of administrators',
      {},
      () => reviewed({ groups: ['system:masters'] }),
      `the group "system:masters" is the cluster's own`,
    ],
  ])('%s are refused', async (_situation, claims, answer, want) => {
    const { outcome } = await world(answer);
    const said = await outcome(await sign(claims));
    expect(said).toContain('ERR_TOKEN_INVALID');
    expect(said).toContain(want);
  });

  test.each<[string, object, boolean]>([
    ['made up', {}, true],
    ['for another audience', { aud: ['somebody'] }, false],
    ['past their end', { exp: start - 60 }, false],
    ['without an end', { exp: undefined }, false],
    ['of another issuer', { iss: 'kubernetes/serviceaccount' }, false],
  ])('%s are refused without asking the API server', async (_situation, more, forged) => {
    const { outcome, reviews } = await world();
    expect(await outcome(await sign(more, forged ? stranger : key))).toContain('ERR_TOKEN_INVALID');
    expect(reviews).toEqual([]);
  });

  test('are asked about once in ten seconds, however many requests there are; a withdrawn account is out then', async () => {
    let answer: UserInfo | undefined = reviewed();
    const { outcome, reviews, time } = await world(() => answer);
    const token = await sign();
    expect(new Set(await Promise.all(Array.from({ length: 20 }, () => outcome(token))))).toEqual(new Set([account]));
    answer = undefined;
    time.seconds += 9;
    expect(await outcome(token)).toBe(account);
    expect(reviews).toHaveLength(1);
    time.seconds += 1;
    for (let i = 0; i < 5; i += 1) expect(await outcome(token)).toContain('knows nobody');
    expect(reviews).toHaveLength(2);
  });

  test('are never believed past their end', async () => {
    const { outcome, time } = await world();
    const token = await sign({ exp: start + 5 });
    expect(await outcome(token)).toBe(account);
    time.seconds += 15;
    expect(await outcome(token)).toContain('"exp" is in the past');
  });

  test('an API server that does not answer is no refusal', async () => {
    let up = false;
    const { outcome } = await world(() => {
      if (!up) throw new Error('connection refused');
      return reviewed();
    });
    const token = await sign();
    expect(await outcome(token)).toContain('ERR_UPSTREAM_UNAVAILABLE');
    up = true;
    expect(await outcome(token)).toBe(account);
  });

  test('the API server’s own audience is left to it', async () => {
    const { outcome } = await world(undefined, '');
    expect(await outcome(await sign({ aud: ['https://kubernetes.default.svc'] }))).toBe(account);
  });

  test('an API server that does not say who issues them: told with what it needs', async () => {
    const get = () => Promise.reject(new Error('forbidden'));
    await expect(findClusterIssuer({ get })).rejects.toThrow(/forbidden.*system:service-account-issuer-discovery/);
  });
});
