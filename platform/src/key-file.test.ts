import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readKey } from './key-file.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdpoint-key-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
function fileWith(text: string): string {
  const file = join(folder, 'key');
  writeFileSync(file, text);
  return file;
}
const hex = '0123456789abcdef'.repeat(4);

describe('readKey', () => {
  test.each([
    { situation: '32 bytes', text: hex, want: hex },
    { situation: 'a line break at the end, as openssl writes it', text: `${hex}\n`, want: hex },
    { situation: 'capitals', text: hex.toUpperCase(), want: hex },
    { situation: 'more than 32 bytes: all of them', text: `${hex}ff`, want: `${hex}ff` },
  ])('$situation', ({ text, want }) => {
    expect(readKey(fileWith(text)).toString('hex')).toBe(want);
  });

  test.each([
    { situation: 'empty', text: '' },
    { situation: '31 bytes', text: hex.slice(2) },
    { situation: 'half a byte too much, which would be dropped without a word', text: `${hex}f` },
    { situation: 'no hex', text: `${hex.slice(2)}zz` },
    { situation: 'two lines', text: `${hex}\n${hex}` },
    { situation: '32 bytes as they are', text: '\u0001'.repeat(32) },
  ])('$situation: refused, with the file and never its content', ({ text }) => {
    const file = fileWith(text);
    let thrown: unknown;
    try {
      readKey(file);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({
      code: 'ERR_CONFIG_INVALID',
      message: `${file}: expected at least 32 bytes as hex; make one with: openssl rand -hex 32`,
    });
  });

  test('no such file: thrown, naming it', () => {
    expect(() => readKey(join(folder, 'none'))).toThrow(join(folder, 'none'));
  });
});
