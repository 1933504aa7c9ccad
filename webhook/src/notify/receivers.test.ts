import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Logger } from '@holdpoint/platform';
import { createReceivers, credentialsOf } from './receivers.ts';

let folder: string;
let file: string;
let logged: string[];
let logger: Logger;
const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
const listOf = (...names: string[]): string =>
  `receivers:\n${names.map((name) => `  - { name: ${name}, url: 'https://x.example/secret', format: JSON }`).join('\n')}`;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdpoint-receivers-'));
  file = join(folder, 'receivers.yaml');
  logged = [];
  const log = (_fields: object, message: string): void => void logged.push(message);
  logger = { debug: log, info: log, warn: log, error: log };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('createReceivers', () => {
  test('no file: nobody', () => {
    expect(createReceivers('', logger).names()).toEqual([]);
  });

  test('the file changes: as it has it now', () => {
    write('receivers.yaml', listOf('a'));
    const receivers = createReceivers(file, logger);
    expect(receivers.names()).toEqual(['a']);
    write('receivers.yaml', listOf('a', 'b'));
    receivers.refresh();
    receivers.refresh();
    expect([receivers.names(), logged]).toEqual([['a', 'b'], ['receivers file read']]);
  });

  test('a mounted Secret changes, by a link that points elsewhere: as it has it now', () => {
    write('one', listOf('a'));
    write('two', listOf('b'));
    symlinkSync('one', file);
    const receivers = createReceivers(file, logger);
    rmSync(file);
    symlinkSync('two', file);
    receivers.refresh();
    expect(receivers.names()).toEqual(['b']);
  });

  test('it breaks: what it said before stays, and that is told once; it is whole again: as it has it now', () => {
    write('receivers.yaml', listOf('a'));
    const receivers = createReceivers(file, logger);
    write('receivers.yaml', 'receivers: [');
    receivers.refresh();
    receivers.refresh();
    rmSync(file);
    receivers.refresh();
    expect(receivers.names()).toEqual(['a']);
    expect(logged).toEqual(Array(2).fill('receivers file not read; what it said before stays'));
    write('receivers.yaml', listOf('abc'));
    receivers.refresh();
    expect(receivers.names()).toEqual(['abc']);
  });

  test.each([
    { situation: 'no such file', text: undefined, want: /receivers\.yaml: cannot be read: .*ENOENT/ },
    {
      situation: 'no YAML',
      text: "receivers: [{ url: 'https://x.example/secret' ",
      want: /receivers\.yaml: is no YAML$/,
    },
    {
      situation: 'a wrong field',
      text: 'receivers: [{ nam: a }]',
      want: /receivers\.yaml: receivers\[0\]\.nam: unknown/,
    },
    {
      situation: 'a key that is not there',
      text: `${listOf('a').slice(0, -2)}, hmacKeyFile: k }`,
      want: /\/k: the key/,
    },
  ])('$situation at the start: refused, and no URL is shown', ({ text, want }) => {
    if (text !== undefined) write('receivers.yaml', text);
    expect(() => createReceivers(file, logger)).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIG_INVALID', message: expect.stringMatching(want) }),
    );
    expect(() => createReceivers(file, logger)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('secret') }),
    );
  });
});

test('credentialsOf: files beside the receivers file, read as they are now', () => {
  write('k', 'ab'.repeat(32));
  write('t', 'token\n');
  write('c', 'PEM');
  write('receivers.yaml', `${listOf('a').slice(0, -2)}, hmacKeyFile: k, bearerTokenFile: t, caFile: c }`);
  const receiver = createReceivers(file, logger).get('a');
  if (receiver === undefined) throw new Error('no receiver');
  expect(credentialsOf(receiver)).toEqual({ hmacKey: Buffer.alloc(32, 0xab), bearerToken: 'token', ca: 'PEM' });
  write('t', 'rotated\n');
  expect(credentialsOf(receiver).bearerToken).toBe('rotated');
});
