import { describe, expect, test } from '@jest/globals';
import { HoldpointError } from '@holdpoint/core';
import type { Credential } from './credential.ts';
import type { LoginIssuer, Tokens } from './issuer.ts';
import { parseLoginSettings } from './login-settings.ts';
import { obtainCredential } from './obtain-credential.ts';

const now = 1_000_000;
const settings = parseLoginSettings({ issuer: 'https://login.example', clientId: 'holdpoint', scopes: '' });
const tokensOf = (name: string): Tokens => ({
  accessToken: 'opaque',
  idToken: `e30.${Buffer.from(JSON.stringify({ sub: name, exp: 9_000 })).toString('base64url')}.${name}`,
  refreshToken: `refresh-${name}`,
  expiresInSeconds: undefined,
});
const fresh: Credential = { token: 'fresh', expiresAt: now + 60_000, refreshToken: 'r' };
const ended: Credential = { token: 'ended', expiresAt: now - 1, refreshToken: 'r' };

/** A store in memory, an issuer that renews as it is told, a person who logs in where there is one. */
function partsOf(given: {
  kept?: Credential;
  keptInside?: Credential;
  renews?: Tokens | 'no longer' | 'down';
  person?: boolean;
  force?: boolean;
}) {
  const done: string[] = [];
  let kept = given.kept;
  const issuer: LoginIssuer = {
    browserLogin: () => Promise.reject(new Error('not asked here')),
    deviceLogin: () => Promise.reject(new Error('not asked here')),
    revoke: () => Promise.reject(new Error('not asked here')),
    refresh(token) {
      done.push(`refresh ${token}`);
      if (given.renews === 'down') {
        return Promise.reject(new HoldpointError('ERR_UPSTREAM_UNAVAILABLE', 'does not answer'));
      }
      return Promise.resolve(given.renews === 'no longer' ? undefined : given.renews);
    },
  };
  const parts = {
    settings,
    store: {
      read: () => kept,
      write: (credential: Credential) => void (kept = credential),
      remove: () => void (kept = undefined),
      alone<T>(work: () => Promise<T>): Promise<T> {
        done.push('alone');
        kept = given.keptInside ?? kept;
        return work();
      },
    },
    connect: () => Promise.resolve(issuer),
    logIn:
      given.person === true
        ? () => {
            done.push('log in');
            return Promise.resolve(tokensOf('person'));
          }
        : undefined,
    command: 'approvals login --issuer https://login.example',
    now: () => now,
    force: given.force ?? false,
  };
  return { parts, done, kept: () => kept };
}

describe('obtainCredential', () => {
  test.each([
    { situation: 'a fresh token is taken as it is', given: { kept: fresh }, want: 'fresh', did: [] },
    {
      situation: 'one that has ended is renewed, though a person is there',
      given: { kept: ended, renews: tokensOf('renewed'), person: true },
      want: tokensOf('renewed').idToken,
      did: ['alone', 'refresh r'],
    },
    {
      situation: 'another process has renewed it meanwhile',
      given: { kept: ended, keptInside: fresh },
      want: 'fresh',
      did: ['alone'],
    },
    {
      situation: 'a login that has ended is made again',
      given: { kept: ended, renews: 'no longer' as const, person: true },
      want: tokensOf('person').idToken,
      did: ['alone', 'refresh r', 'log in'],
    },
    {
      situation: 'nothing is kept',
      given: { person: true },
      want: tokensOf('person').idToken,
      did: ['alone', 'log in'],
    },
    {
      situation: 'a login is asked for, whatever is kept',
      given: { kept: fresh, person: true, force: true },
      want: tokensOf('person').idToken,
      did: ['alone', 'log in'],
    },
  ])('$situation', async ({ given, want, did }) => {
    const { parts, done, kept } = partsOf(given);
    expect((await obtainCredential(parts)).token).toBe(want);
    expect(done).toEqual(did);
    expect(kept()?.token).toBe(want);
  });

  test.each([
    { situation: 'nothing kept', given: {}, did: [] },
    {
      situation: 'a token that has ended, and cannot be renewed',
      given: { kept: { ...ended, refreshToken: undefined } },
      did: [],
    },
    {
      situation: 'a login that has ended',
      given: { kept: ended, renews: 'no longer' as const },
      did: ['alone', 'refresh r'],
    },
  ])('$situation, and nobody there: told what to run', async ({ given, did }) => {
    const { parts, done } = partsOf(given);
    await expect(obtainCredential(parts)).rejects.toMatchObject({
      code: 'ERR_LOGIN_FAILED',
      message: expect.stringContaining('approvals login --issuer https://login.example'),
    });
    expect(done).toEqual(did);
  });

  test('an issuer that is down ends no login: the refresh token is kept', async () => {
    const { parts, kept } = partsOf({ kept: ended, renews: 'down', person: true });
    await expect(obtainCredential(parts)).rejects.toMatchObject({ code: 'ERR_UPSTREAM_UNAVAILABLE' });
    expect(kept()).toBe(ended);
  });
});
