import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseLoginSettings } from './login-settings.ts';
import { createTokenStore } from './token-store.ts';

describe('the token store', () => {
  let folder: string;
  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'tokens-')), 'deep', 'cache');
  });
  afterEach(() => rmSync(join(folder, '..', '..'), { recursive: true, force: true }));

  const flags = { issuer: 'https://login.example', clientId: 'holdpoint', scopes: 'openid' };
  const settings = parseLoginSettings(flags);
  const credential = { token: 'token', expiresAt: 5, refreshToken: 'refresh' };
  const file = (): string => join(folder, readdirSync(folder).find((name) => name.endsWith('.json')) ?? '');

  test('what was written is read, for its owner alone, and its name tells nothing', () => {
    const store = createTokenStore(folder, settings);
    expect(store.read()).toBeUndefined();
    store.write(credential);
    expect(store.read()).toEqual(credential);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.json$/)]);
    store.remove();
    expect(store.read()).toBeUndefined();
  });

  test.each([
    { situation: 'issuer', other: { issuer: 'https://login.example/two' } },
    { situation: 'client', other: { clientId: 'two' } },
    { situation: 'scopes', other: { scopes: 'openid,groups' } },
    { situation: 'audience', other: { audience: 'two' } },
  ])('a login with another $situation is another one', ({ other }) => {
    createTokenStore(folder, settings).write(credential);
    expect(createTokenStore(folder, parseLoginSettings({ ...flags, ...other })).read()).toBeUndefined();
  });

  test.each([
    { situation: 'cut short', damage: (path: string) => writeFileSync(path, '{"format":1,"tok') },
    {
      situation: 'of another format',
      damage: (path: string) => writeFileSync(path, '{"format":9,"token":"t","expiresAt":5}'),
    },
    { situation: 'no object', damage: (path: string) => writeFileSync(path, '[]') },
    { situation: 'open to others, who may have written it', damage: (path: string) => chmodSync(path, 0o644) },
  ])('a file that is $situation is as if it were not there, and is written anew', ({ damage }) => {
    const store = createTokenStore(folder, settings);
    store.write(credential);
    damage(file());
    expect(store.read()).toBeUndefined();
    store.write(credential);
    expect(store.read()).toEqual(credential);
  });

  test('one at a time, and the next one after a failure', async () => {
    const seen: string[] = [];
    const work = (name: string) => async (): Promise<void> => {
      seen.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(`${name} ends`);
      if (name === 'a') throw new Error('a fails');
    };
    const [first, second] = [createTokenStore(folder, settings), createTokenStore(folder, settings)];
    const results = await Promise.allSettled([first.alone(work('a')), second.alone(work('b'))]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(seen.map((line) => line.split(' ')[1])).toEqual(['begins', 'ends', 'begins', 'ends']);
  }, 30_000);
});
