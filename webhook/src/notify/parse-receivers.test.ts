import { describe, expect, test } from '@jest/globals';
import { parseReceivers } from './parse-receivers.ts';

const chat = { name: 'chat', url: 'https://hooks.example/T/secret', format: 'Slack' };
const want = { ...chat, timeoutMs: 10_000 };

describe('parseReceivers', () => {
  test.each<{ situation: string; entry: object; want: object }>([
    { situation: 'the least', entry: chat, want },
    {
      situation: 'everything',
      entry: { ...chat, format: 'JSON', timeout: '5s', hmacKeyFile: 'k', caFile: 'c', bearerTokenFile: 't' },
      want: { ...want, format: 'JSON', timeoutMs: 5_000, hmacKeyFile: 'k', caFile: 'c', bearerTokenFile: 't' },
    },
    ...['http://127.0.0.1:8080/x', 'http://127.9.9.9/', 'http://[::1]:8080/', 'http://localhost/'].map((url) => ({
      situation: `loopback may be plain: ${url}`,
      entry: { ...chat, url },
      want: { ...want, url },
    })),
  ])('$situation', ({ entry, want: wanted }) => {
    expect(parseReceivers({ receivers: [entry] })).toEqual([wanted]);
  });

  const bad: { situation: string; value: unknown; wantMessage: string }[] = [
    { situation: 'an empty file', value: null, wantMessage: 'receivers: expected a list of receivers' },
    { situation: 'no list', value: { receivers: {} }, wantMessage: 'receivers: expected a list of receivers' },
    {
      situation: 'another field',
      value: { receivers: [], x: 1 },
      wantMessage: 'x: unknown field; there is: receivers',
    },
    {
      situation: 'too many',
      value: { receivers: Array.from({ length: 101 }, () => chat) },
      wantMessage: 'receivers: at most 100',
    },
    {
      situation: 'two of one name',
      value: { receivers: [chat, chat] },
      wantMessage: 'receivers[1].name: names another receiver too',
    },
    ...(
      [
        ['a text', 'chat', 'receivers[0]: expected {name, url, format}'],
        [
          'a misspelt field',
          { ...chat, hmacKey: 'x' },
          'receivers[0].hmacKey: unknown field; there are: name, url, format, timeout, hmacKeyFile, caFile, bearerTokenFile',
        ],
        ['no name', { ...chat, name: undefined }, 'receivers[0].name: is required'],
        [
          'a name that no policy could name',
          { ...chat, name: 'Chat' },
          'receivers[0].name: expected at most 63 of a-z, 0-9 and -, as in a DNS label',
        ],
        ['another format', { ...chat, format: 'slack' }, 'receivers[0].format: expected Slack or JSON'],
        ['no URL', { ...chat, url: 'hooks.example' }, 'receivers[0].url: is no URL'],
        [
          'plain HTTP over the network',
          { ...chat, url: 'http://hooks.example/secret' },
          'receivers[0].url: http:// is for loopback alone; use https://',
        ],
        [
          'plain HTTP to what only looks like loopback',
          { ...chat, url: 'http://127.0.0.1.evil.example/' },
          'receivers[0].url: http:// is for loopback alone; use https://',
        ],
        ['a file', { ...chat, url: 'file:///etc/passwd' }, 'receivers[0].url: expected https://, got file://'],
        [
          'a password in the URL',
          { ...chat, url: 'https://u:p@hooks.example/' },
          'receivers[0].url: carries credentials; use bearerTokenFile',
        ],
        [
          'a timeout that is too long',
          { ...chat, timeout: '31s' },
          'receivers[0].timeout: expected a duration such as 5s, at most 30s',
        ],
        ['an empty path', { ...chat, caFile: '' }, 'receivers[0].caFile: expected a text that is not empty'],
        [
          'a key for Slack',
          { ...chat, hmacKeyFile: 'k' },
          'receivers[0].hmacKeyFile: Slack verifies no signature; use format JSON, or leave it out',
        ],
      ] as const
    ).map(([situation, entry, wantMessage]) => ({ situation, value: { receivers: [entry] }, wantMessage })),
  ];
  test.each(bad)('$situation: refused by its path, and no URL is shown', ({ value, wantMessage }) => {
    expect(() => parseReceivers(value)).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIG_INVALID', message: wantMessage }),
    );
  });
});
