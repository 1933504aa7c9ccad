import { beforeAll, describe, expect, test } from '@jest/globals';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { createKeySet } from './key-set.ts';

const second = 1_000;
const minute = 60 * second;

describe('an issuer’s keys', () => {
  let all: JWK[];
  beforeAll(async () => {
    const pairs = await Promise.all(['a', 'b', 'c'].map(() => generateKeyPair('ES256')));
    all = await Promise.all(
      pairs.map(async ({ publicKey }, i) => ({ ...(await exportJWK(publicKey)), kid: 'abc'[i] ?? '', alg: 'ES256' })),
    );
  });

  /** An issuer that has the keys of `served`, or is down. */
  function issuerWith(served: string) {
    const issuer = { served, up: true, asked: 0, now: 0 };
    const keys = createKeySet(
      'https://issuer',
      async () => {
        issuer.asked += 1;
        await Promise.resolve();
        if (!issuer.up) throw new Error('connection refused');
        return { keys: all.filter(({ kid }) => issuer.served.includes(kid ?? '')) };
      },
      () => issuer.now,
    );
    const has = (kid: string): Promise<string> =>
      Promise.resolve(keys({ alg: 'ES256', kid }, {} as never)).then(
        () => 'found',
        (error: Error & { code?: string }) => error.code ?? '',
      );
    return Object.assign(issuer, { has });
  }

  test('many first tokens at once ask it once', async () => {
    const issuer = issuerWith('a');
    expect(await Promise.all(Array.from({ length: 50 }, () => issuer.has('a')))).toEqual(Array(50).fill('found'));
    expect(issuer.asked).toBe(1);
  });

  test('a new key is found; made-up ones ask once in half a minute', async () => {
    const issuer = issuerWith('a');
    await issuer.has('a');
    issuer.served = 'ab';
    issuer.now = 31 * second;
    expect(await issuer.has('b')).toBe('found');
    for (let i = 0; i < 100; i += 1) expect(await issuer.has(`made-up-${String(i)}`)).toBe('ERR_JWKS_NO_MATCHING_KEY');
    expect(issuer.asked).toBe(2);
    issuer.now = 62 * second;
    await Promise.all(Array.from({ length: 100 }, (_, i) => issuer.has(`made-up-${String(i)}`)));
    expect(issuer.asked).toBe(3);
  });

  test('a key that is withdrawn is believed for five minutes and no longer', async () => {
    const issuer = issuerWith('ab');
    await issuer.has('a');
    issuer.served = 'b';
    issuer.now = 5 * minute;
    expect(await issuer.has('a')).toBe('found');
    issuer.now += 1;
    expect(await issuer.has('a')).toBe('ERR_JWKS_NO_MATCHING_KEY');
    expect(await issuer.has('b')).toBe('found');
  });

  test('down at the start: unavailable, left alone for five seconds, and found once it is up', async () => {
    const issuer = issuerWith('a');
    issuer.up = false;
    for (let i = 0; i < 10; i += 1) expect(await issuer.has('a')).toBe('ERR_UPSTREAM_UNAVAILABLE');
    expect(issuer.asked).toBe(1);
    issuer.up = true;
    expect(await issuer.has('a')).toBe('ERR_UPSTREAM_UNAVAILABLE');
    issuer.now = 5 * second;
    expect(await issuer.has('a')).toBe('found');
  });

  test('down later: its keys are believed for an hour; new ones are not to be had', async () => {
    const issuer = issuerWith('a');
    await issuer.has('a');
    issuer.up = false;
    issuer.now = 6 * minute;
    expect(await issuer.has('a')).toBe('found');
    expect(await issuer.has('b')).toBe('ERR_UPSTREAM_UNAVAILABLE');
    issuer.now = 60 * minute;
    expect(await issuer.has('a')).toBe('found');
    issuer.now += 1;
    expect(await issuer.has('a')).toBe('ERR_UPSTREAM_UNAVAILABLE');
  });
});
