import { expect, test } from '@jest/globals';
import { parseMoment } from './time-range.ts';

const nowMs = Date.parse('2026-05-04T10:00:00Z');

test.each([
  { text: '2h', want: '2026-05-04 08:00:00.000000' },
  { text: '90s', want: '2026-05-04 09:58:30.000000' },
  { text: '1h30m', want: '2026-05-04 08:30:00.000000' },
  { text: '7d', want: '2026-04-27 10:00:00.000000' },
  { text: '2026-05-01T00:00:00.123456Z', want: '2026-05-01 00:00:00.123456' },
  { text: '2026-05-01T02:00:00+02:00', want: '2026-05-01 00:00:00.000000' },
])('$text', ({ text, want }) => {
  expect(parseMoment('--since', text, nowMs)).toBe(want);
});

test.each(['', 'yesterday', '0s', '-1h', '2026-05-01', '2026-13-01T00:00:00Z', '9999d9999'])(
  'no time: "%s"',
  (text) => {
    expect(() => parseMoment('--since', text, nowMs)).toThrow('--since');
  },
);
