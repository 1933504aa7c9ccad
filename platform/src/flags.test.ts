import { describe, expect, test } from '@jest/globals';
import { countFlag, durationFlag, parseFlags } from './flags.ts';

const table = {
  listen: { description: 'host:port', default: '0.0.0.0:8443' },
  'key-file': { description: 'the key' },
  kubeconfig: { description: 'how to reach the API server', default: '' },
};
const usage =
  '\n  --listen  host:port (0.0.0.0:8443)\n  --key-file  the key\n  --kubeconfig  how to reach the API server ()';

describe('parseFlags', () => {
  test.each([
    {
      situation: 'what is required: the rest by default',
      argv: ['--key-file', '/k'],
      want: { listen: '0.0.0.0:8443', 'key-file': '/k', kubeconfig: '' },
    },
    {
      situation: 'with an equals sign',
      argv: ['--key-file=/k', '--listen=:1'],
      want: { listen: ':1', 'key-file': '/k', kubeconfig: '' },
    },
    {
      situation: 'an equals sign in the value',
      argv: ['--key-file=a=b'],
      want: { listen: '0.0.0.0:8443', 'key-file': 'a=b', kubeconfig: '' },
    },
    {
      situation: 'twice: the last',
      argv: ['--key-file', 'a', '--key-file', 'b'],
      want: { listen: '0.0.0.0:8443', 'key-file': 'b', kubeconfig: '' },
    },
    {
      situation: 'empty instead of the default',
      argv: ['--key-file', 'a', '--listen='],
      want: { listen: '', 'key-file': 'a', kubeconfig: '' },
    },
  ])('$situation', ({ argv, want }) => {
    expect(parseFlags(argv, table)).toEqual(want);
  });

  test.each([
    { situation: 'what is required is missing', argv: [], wantMessage: '--key-file is required: the key' },
    {
      situation: 'an unknown flag',
      argv: ['--key-file', 'a', '--lisen', ':1'],
      wantMessage: expect.stringMatching(/Unknown option '--lisen'/),
    },
    {
      situation: 'no value',
      argv: ['--key-file'],
      wantMessage: expect.stringContaining(`Option '--key-file <value>' argument missing${usage}`),
    },
    {
      situation: 'another flag in place of the value',
      argv: ['--key-file', '--listen'],
      wantMessage: expect.stringMatching(/Option '--key-file' argument is ambiguous/),
    },
    {
      situation: 'a word that belongs to no flag',
      argv: ['--key-file', 'a', 'serve'],
      wantMessage: expect.stringMatching(/Unexpected argument 'serve'/),
    },
    { situation: 'help', argv: ['--help'], wantMessage: expect.stringContaining(usage) },
    {
      situation: 'a flag that every object has',
      argv: ['--constructor', 'x'],
      wantMessage: expect.stringMatching(/Unknown option '--constructor'/),
    },
  ])('$situation: ERR_CONFIG_INVALID that names it', ({ argv, wantMessage }) => {
    let thrown: unknown;
    try {
      parseFlags(argv, table);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'ERR_CONFIG_INVALID', message: wantMessage });
  });
});

test.each([
  { situation: 'a switch that stands there', argv: ['--check'], want: { check: 'true' } },
  { situation: 'one that does not', argv: [], want: { check: 'false' } },
])('$situation', ({ argv, want }) => {
  expect(parseFlags(argv, { check: { description: 'checks', isSwitch: true } })).toEqual(want);
});

describe('durationFlag', () => {
  test.each([
    { text: '0s', want: 0 },
    { text: '5s', want: 5_000 },
    { text: '1m30s', want: 90_000 },
  ])('$text: $want ms', ({ text, want }) => {
    expect(durationFlag('drain-delay', text)).toBe(want);
  });

  test.each(['', '5', '5 s', '-1s', '0m', '1.5s', 'soon'])('"%s": refused, naming the flag', (text) => {
    expect(() => durationFlag('drain-delay', text)).toThrow(
      `--drain-delay: "${text}" is not a duration such as 0s, 5s or 1m`,
    );
  });
});

describe('countFlag', () => {
  test('a whole number', () => {
    expect(countFlag('max-paused', '2000')).toBe(2_000);
  });

  test.each(['', '0', '-1', '1.5', '1e3', '0x10', ' 1', '99999999999999999', 'many'])(
    '"%s": refused, naming the flag',
    (text) => {
      expect(() => countFlag('max-paused', text)).toThrow(`--max-paused: "${text}" is not a whole number above 0`);
    },
  );
});
