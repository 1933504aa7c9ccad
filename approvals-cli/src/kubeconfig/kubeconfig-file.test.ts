import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { changeKubeconfig } from './kubeconfig-file.ts';

describe('changeKubeconfig', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
    file = join(folder, 'config');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test.each([
    { situation: 'no file', before: undefined, want: undefined },
    { situation: 'an empty one', before: '\n', want: undefined },
    { situation: 'one with others in it', before: 'kind: Config\nusers: []\n', want: { kind: 'Config', users: [] } },
  ])('$situation: changed, for its owner alone, and no lock stays', async ({ before, want }) => {
    if (before !== undefined) writeFileSync(file, before, { mode: 0o644 });
    let seen: unknown = 'nothing';
    await changeKubeconfig(file, (given) => {
      seen = given;
      expect(existsSync(`${file}.lock`)).toBe(true);
      return { kind: 'Config' };
    });
    expect(seen).toEqual(want);
    expect(readFileSync(file, 'utf8')).toBe('kind: Config\n');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['config']);
  });

  test('a link stays one', async () => {
    const link = join(folder, 'link');
    writeFileSync(file, '');
    symlinkSync(file, link);
    await changeKubeconfig(link, () => ({ kind: 'Config' }));
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(file, 'utf8')).toBe('kind: Config\n');
  });

  test.each([
    { situation: 'what cannot be read', before: 'a: [', change: () => ({}) },
    {
      situation: 'what is refused',
      before: 'a: 1\n',
      change: () => {
        throw new Error('no');
      },
    },
  ])('$situation leaves all as it was', async ({ before, change }) => {
    writeFileSync(file, before);
    await expect(changeKubeconfig(file, change)).rejects.toMatchObject({ code: 'ERR_CONFIG_INVALID' });
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect(readdirSync(folder)).toEqual(['config']);
  });

  test('a lock that kubectl holds is waited for', async () => {
    writeFileSync(`${file}.lock`, '');
    const changed = changeKubeconfig(file, () => ({ kind: 'Config' }));
    rmSync(`${file}.lock`);
    await changed;
    expect(readdirSync(folder)).toEqual(['config']);
  });
});
